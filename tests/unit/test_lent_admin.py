"""A command gets an admin for a while: a session without a password, and the role is taken back."""

import json

from app.entrypoints.lent_admin import answer, main
from tests.support.memory_shop import MemoryShop, environment


def test_whoever_is_lent_is_an_admin_until_he_is_taken_back() -> None:
    shop = MemoryShop()
    services = shop.services("auth")
    token = answer({"do": "lend", "username": "seed"}, services)["token"]
    assert shop.call("GET /admin/products", token=token).status == 200
    assert answer({"do": "take back", "username": "seed"}, services) == {"done": "revoked"}
    assert shop.call("GET /admin/products", token=token).status == 403
    assert answer({"do": "take back", "username": "seed"}, services) == {"done": "was none"}


def test_he_is_lent_again_as_the_same_user_with_another_session() -> None:
    shop = MemoryShop()
    services = shop.services("auth")
    first = answer({"do": "lend", "username": "seed"}, services)["token"]
    row = dict(shop.user("seed") or {})
    second = answer({"do": "lend", "username": "Seed"}, services)["token"]
    assert first != second
    assert shop.user("seed") == row


def test_what_cannot_be_done_is_refused_in_words() -> None:
    services = MemoryShop().services("auth")
    refused = answer({"do": "lend", "username": "no name"}, services)
    assert set(refused) == {"refused"}
    lost = {**environment("auth")}
    del lost["SHOP_STACK"]
    told = json.loads(main(lost, json.dumps({"do": "lend", "username": "seed"})))
    assert "SHOP_STACK" in told["refused"]
