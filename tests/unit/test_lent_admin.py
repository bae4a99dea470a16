"""A command gets an admin for a while: a session without a password, and the role is taken back."""

import json

from app.entrypoints.lent_admin import answer, main
from app.services.lent_admins import LENT, LENT_MS
from tests.support.memory_shop import MemoryShop, environment


def test_whoever_is_lent_is_an_admin_until_he_is_taken_back() -> None:
    shop = MemoryShop()
    services = shop.services("auth")
    lent = answer({"do": "lend"}, services)
    assert shop.call("GET /admin/products", token=lent["token"]).status == 200
    assert answer({**lent, "do": "take back"}, services) == {"done": "gone"}
    assert shop.call("GET /admin/products", token=lent["token"]).status == 401
    assert shop.user(lent["username"]) is None
    assert answer({**lent, "do": "take back"}, services) == {"done": "gone"}


def test_he_has_another_name_each_time_so_that_nobody_has_it_before_him() -> None:
    """And the same id, so that what a command does by a key it does once."""
    shop = MemoryShop()
    services = shop.services("auth")
    first, second = (answer({"do": "lend"}, services) for _ in range(2))
    assert first["username"] != second["username"]
    assert first["token"] != second["token"]
    ids = {str((shop.user(each["username"]) or {})["user_id"]) for each in (first, second)}
    assert ids == {LENT}


def test_one_whom_a_killed_command_left_behind_is_gone_after_an_hour() -> None:
    """The sweep takes him away, and his session with him; whoever is lent since stays."""
    shop = MemoryShop()
    services = shop.services("auth")
    left = answer({"do": "lend"}, services)
    shop.clock.advance(LENT_MS - 1)
    assert shop.sweep()["lent"] == 0
    assert shop.call("GET /admin/products", token=left["token"]).status == 200
    shop.clock.advance(1)
    at_work = answer({"do": "lend"}, services)

    assert shop.sweep()["lent"] == 1
    assert shop.user(left["username"]) is None
    assert shop.call("GET /admin/products", token=left["token"]).status == 401
    assert shop.call("GET /admin/products", token=at_work["token"]).status == 200
    assert shop.queue.messages == [], "he needs no welcome"


def test_nobody_else_is_taken_back() -> None:
    shop = MemoryShop()
    shop.register("seed")
    assert answer({"do": "take back", "username": "seed"}, shop.services("auth")) == {
        "done": "gone"
    }
    assert shop.user("seed") is not None


def test_what_cannot_be_done_is_refused_in_words() -> None:
    lost = {**environment("auth")}
    del lost["SHOP_STACK"]
    told = json.loads(main(lost, json.dumps({"do": "lend"})))
    assert "SHOP_STACK" in told["refused"]
