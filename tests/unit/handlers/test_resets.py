"""Forgotten passwords over HTTP: who gets a letter, and what its token does, once."""

import re

import pytest

from app.ports.errors import UnavailableError
from tests.support.breaks import BREAKS, broken, interleaved
from tests.support.faults import Faults
from tests.support.memory_shop import CLOUDS, NOW_MS, OTHER, PASSWORD, MemoryShop

EMAIL = "tea@house.example"
HOUR_MS = 60 * 60 * 1000
NEW = "quite another one"


def _shop(failures: str = "") -> MemoryShop:
    shop = MemoryShop(LOGIN_FAILURES_PER_ADDRESS=failures)
    shop.register(email=EMAIL)
    shop.queue.messages.clear()
    return shop


def _ask(shop: MemoryShop, name: str = "tea-house", address: str = "192.0.2.1") -> int:
    return shop.call("POST /password-resets", {"username": name}, address=address).status


def _asked(shop: MemoryShop) -> str:
    """The token of the newest letter, after it was asked for."""
    shop.clock.advance(1)
    assert _ask(shop) == 202
    shop.consume(shop.queue.messages[-1])
    return _token(shop)


def _token(shop: MemoryShop) -> str:
    found = re.search(r"/password-resets/([\w-]{43})\.", str(shop.letters(EMAIL)[-1]["text"]))
    assert found is not None
    return found[1]


def _use(
    shop: MemoryShop, token: str, password: str = NEW, faults: Faults | None = None, **more: str
) -> int:
    body = {"new_password": password}
    return shop.call(f"POST /password-resets/{token}", body, adapters=faults, **more).status  # type: ignore[arg-type]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_token_from_a_letter_sets_a_password_once_and_ends_every_session(cloud: str) -> None:
    shop = _shop()
    before = shop.log_in().json["token"]
    token = _asked(shop)

    assert _use(shop, token, cloud=cloud) == 204

    assert shop.call("GET /users/me", token=before).status == 401
    assert shop.log_in().status == 401
    assert shop.log_in(password=NEW).status == 201
    assert _use(shop, token, OTHER) == 404
    assert shop.log_in(password=NEW).status == 201
    assert not shop.table("resets")._rows


def test_the_table_holds_nothing_that_a_password_can_be_set_with() -> None:
    shop = _shop()
    token = _asked(shop)

    (row,) = shop.table("resets")._rows.values()
    assert token not in str(row)
    assert _use(shop, str(row["reset"])) == 404
    assert row["expires_at"] == (NOW_MS + 1 + HOUR_MS) // 1000


@pytest.mark.parametrize(("late_ms", "status"), [(-1, 204), (0, 404), (HOUR_MS, 404)])
def test_a_token_is_good_for_an_hour_from_when_it_was_asked_for(late_ms: int, status: int) -> None:
    """However late the store removes its row, and whenever the letter went out."""
    shop = _shop()
    assert _ask(shop) == 202
    shop.clock.advance(1000)
    shop.consume(shop.queue.messages[-1])
    shop.clock.advance(HOUR_MS - 1000 + late_ms)

    assert _use(shop, _token(shop)) == status


def test_a_letter_that_is_due_when_its_hour_is_past_is_not_sent() -> None:
    """A dead letter that is delivered anew days later surprises nobody."""
    shop = _shop()
    assert _ask(shop) == 202
    shop.clock.advance(HOUR_MS)

    shop.consume(shop.queue.messages[-1])

    assert shop.letters(EMAIL) == []
    assert not shop.table("resets")._rows


def test_the_answer_and_the_work_are_alike_whoever_is_named() -> None:
    """With an address, without one, and of nobody: not one call of a store is another."""
    shop = _shop()
    shop.register("no-address")
    calls = []
    for name in ("tea-house", "no-address", "nobody-at-all", "TEA-House"):
        faults = Faults(shop.cloud, 0, UnavailableError, after=False)
        answer = shop.call("POST /password-resets", {"username": name}, adapters=faults)
        calls.append((answer.status, answer.json, answer.headers, faults.calls))

    assert calls[0][0] == 202
    assert not [call for call in calls[0][3] if call.startswith("users.")]
    assert all(each == calls[0] for each in calls)
    shop.consume_all()
    assert len(shop.letters(EMAIL)) == 2
    assert len(shop.table("letters")._rows) == 2


def test_what_can_be_no_name_is_answered_as_any_other() -> None:
    shop = _shop()
    assert [_ask(shop, name) for name in ("!", "a b", "x" * 200)] == [202, 202, 202]
    assert shop.queue.messages == []


def test_one_name_is_asked_for_so_often_and_logins_do_not_suffer_for_it() -> None:
    """Nor is who failed to log in too often kept from asking."""
    shop = _shop()
    statuses = [_ask(shop, address=f"192.0.2.{number}") for number in range(12)]

    assert statuses == [202] * 10 + [429] * 2
    assert shop.log_in(address="192.0.2.200").status == 201
    for number in range(10):
        shop.log_in("other-house", "a wrong one", address=f"198.51.100.{number}")
    assert shop.log_in("other-house", "a wrong one", address="198.51.100.99").status == 429
    assert _ask(shop, "other-house", "203.0.113.1") == 202


def test_one_address_asks_so_often_whomever_it_names() -> None:
    shop = _shop("3")
    assert [_ask(shop, f"somebody-{number}") for number in range(5)] == [202] * 3 + [429] * 2


@pytest.mark.parametrize("password", ["short", "", "x" * 129])
def test_a_password_that_will_not_do_does_not_use_the_token_up(password: str) -> None:
    shop = _shop()
    token = _asked(shop)
    assert _use(shop, token, password) == 422
    assert _use(shop, token) == 204


def test_a_password_that_was_changed_meanwhile_voids_the_token() -> None:
    shop = _shop()
    token = _asked(shop)
    assert shop.change(shop.log_in().json["token"]) == 204

    assert _use(shop, token) == 404
    assert shop.log_in(password=OTHER).status == 201


def test_of_two_letters_the_token_that_is_used_first_voids_the_other() -> None:
    shop = _shop()
    first, second = _asked(shop), _asked(shop)

    assert first != second
    assert _use(shop, second) == 204
    assert _use(shop, first, OTHER) == 404


def test_a_message_that_comes_again_brings_a_letter_in_the_place_of_the_first() -> None:
    shop = _shop()
    first = _asked(shop)
    shop.consume(shop.queue.messages[-1])

    assert len(shop.letters(EMAIL)) == 1
    assert _use(shop, _token(shop)) == 204
    assert _use(shop, first) == 404


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_reset_that_breaks_anywhere_sets_the_password_once_or_not_at_all(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    tokens: dict[int, tuple[str, str]] = {}

    def made() -> MemoryShop:
        shop = _shop()
        tokens[id(shop)] = _asked(shop), shop.log_in().json["token"]
        return shop

    def use(shop: MemoryShop, faults: Faults) -> int:
        return _use(shop, tokens[id(shop)][0], faults=faults)

    for shop, status in broken(made, use, error, after=after):
        token, session = tokens[id(shop)]
        is_set = shop.log_in(password=NEW).status == 201
        assert status in (None, 204, 503)
        assert is_set or status != 204
        assert shop.call("GET /users/me", token=session).status == (401 if is_set else 200)
        assert _use(shop, token, OTHER) == (404 if is_set else 204)
        assert shop.log_in(password=NEW if is_set else OTHER).status == 201


def test_two_who_use_one_token_at_once_set_one_password() -> None:
    """At every place where the second may come in between."""
    tokens: dict[int, str] = {}

    def made() -> MemoryShop:
        shop = _shop()
        tokens[id(shop)] = _asked(shop)
        return shop

    def first(shop: MemoryShop, faults: Faults) -> int:
        return _use(shop, tokens[id(shop)], NEW, faults)

    def second(shop: MemoryShop) -> int:
        return _use(shop, tokens[id(shop)], OTHER)

    for shop, ours, theirs in interleaved(made, first, second):
        assert sorted([ours, theirs]) == [204, 404]
        assert shop.log_in(password=NEW if ours == 204 else OTHER).status == 201


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_letter_that_breaks_anywhere_is_sent_when_its_message_comes_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> MemoryShop:
        shop = _shop()
        assert _ask(shop) == 202
        return shop

    def consume(shop: MemoryShop, faults: Faults) -> bool:
        try:
            shop.consume(shop.queue.messages[-1], faults)
        except UnavailableError:
            return False
        return True

    for shop, done in broken(made, consume, error, after=after):
        if not done:
            shop.consume(shop.queue.messages[-1])
        assert len(shop.letters(EMAIL)) == 1
        assert _use(shop, _token(shop)) == 204


def test_a_user_of_another_time_with_the_same_name_is_not_the_tokens() -> None:
    shop = _shop()
    token = _asked(shop)
    shop.table("users").delete({"username": "tea-house"})
    shop.register(email=EMAIL)

    assert _use(shop, token) == 404
    assert shop.log_in(password=PASSWORD).status == 201
