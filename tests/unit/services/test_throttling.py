"""How often passwords may be guessed."""

import pytest

from app.adapters.common.passwords import CHEAP_FOR_TESTS_ONLY, Argon2Passwords
from app.bootstrap import ConfigurationError
from app.domain.throttling import account_scope, address_scope
from app.ports.errors import UnavailableError
from tests.conftest import Counts
from tests.support.faults import Faults
from tests.support.memory_shop import PASSWORD, Answer, MemoryShop
from tests.support.threads import at_once

WRONG = "these are other words"
WINDOW_MS = 15 * 60 * 1000


def _guess(shop: MemoryShop, times: int, username: str = "tea-house", **more: str) -> list[Answer]:
    return [shop.log_in(username, WRONG, **more) for _ in range(times)]


def _statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def _attempts(shop: MemoryShop, scope: str) -> int:
    return len(shop.table("attempts").query(scope).rows)


def test_after_ten_failed_logins_the_right_password_does_not_help_either() -> None:
    shop = MemoryShop()
    shop.register()

    assert _statuses(_guess(shop, 10)) == [401] * 10
    refused = shop.log_in()

    assert refused.status == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 900
    assert "token" not in str(refused.json)


def test_unknown_names_are_refused_after_as_many_failures_and_in_the_same_words() -> None:
    shop = MemoryShop()
    shop.register()

    known, unknown = _guess(shop, 12), _guess(shop, 12, "coffee-house")

    assert known == unknown
    assert _statuses(known) == [401] * 10 + [429] * 2


def test_all_spellings_of_a_name_are_guesses_at_one_account() -> None:
    shop = MemoryShop()

    _guess(shop, 5, "tea-house")
    _guess(shop, 5, "TEA-HOUSE")

    assert _statuses(_guess(shop, 1, "\uff54\uff45\uff41-house")) == [429]


def test_there_is_room_again_when_the_window_has_moved_on_and_not_before() -> None:
    shop = MemoryShop()
    shop.register()
    _guess(shop, 1)
    shop.clock.advance(60_000)
    _guess(shop, 9)
    wait_s = int(shop.log_in().headers["retry-after"])

    shop.clock.advance(wait_s * 1000 - 1)
    assert shop.log_in().status == 429
    shop.clock.advance(1)

    assert shop.log_in().status == 201
    assert _statuses(_guess(shop, 2)) == [401, 429], "the one that left made room for one"
    shop.clock.advance(WINDOW_MS)
    assert _statuses(_guess(shop, 11)) == [401] * 10 + [429]


def test_a_right_password_costs_no_attempt() -> None:
    shop = MemoryShop()
    shop.register()

    assert {shop.log_in().status for _ in range(60)} == {201}
    assert _attempts(shop, account_scope("tea-house")) == 0
    assert _attempts(shop, address_scope("192.0.2.1")) == 0


def test_a_right_old_password_costs_no_attempt() -> None:
    shop = MemoryShop()
    token = shop.token()
    body = {"old_password": PASSWORD, "new_password": PASSWORD}

    statuses = {shop.call("PUT /users/me/password", body, token=token).status for _ in range(11)}

    assert statuses == {204}


def test_fifty_failures_from_one_address_close_it_for_all_accounts_and_for_no_other_address() -> (
    None
):
    shop = MemoryShop()
    shop.register()

    for number in range(5):
        shop.register(f"name-{number}")
    statuses = [shop.log_in(f"name-{number % 5}", WRONG).status for number in range(50)]

    assert statuses == [401] * 50
    assert shop.log_in().status == 429
    assert shop.log_in(address="192.0.2.2").status == 201


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("no address", "no address", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_whoever_has_a_network_of_ipv6_is_one_address(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert (address_scope(one) == address_scope(other)) is same


def test_a_locked_account_takes_no_write_per_request() -> None:
    shop = MemoryShop()
    shop.register()
    _guess(shop, 10)
    seen = Faults(shop.cloud, 0, UnavailableError, after=False)

    assert _statuses(_guess(shop, 3, adapters=seen)) == [429] * 3  # type: ignore[arg-type]

    assert seen.calls == ["attempts.query"] * 3


def test_a_wrong_old_password_is_a_failed_login() -> None:
    shop = MemoryShop()
    token = shop.token()
    body = {"old_password": WRONG, "new_password": "some other words"}

    statuses = [shop.call("PUT /users/me/password", body, token=token).status for _ in range(11)]

    assert statuses == [422] * 10 + [429]
    assert shop.log_in().status == 429
    assert shop.call("GET /users/me", token=token).status == 200, "who is in stays in"


def test_a_guess_counts_before_it_is_answered() -> None:
    """When the process dies while the password is compared, the guess was made all the same."""
    shop = MemoryShop()
    shop.register()

    class Dying:
        def __init__(self) -> None:
            self._real = Argon2Passwords(CHEAP_FOR_TESTS_ONLY)

        def hash(self, password: str) -> str:
            return self._real.hash(password)

        def verify(self, _kept: str, _password: str) -> bool:
            raise SystemExit

        def outdated(self, kept: str) -> bool:
            return self._real.outdated(kept)

    shop.cloud._passwords = Dying()
    for _ in range(10):
        with pytest.raises(SystemExit):
            shop.log_in()

    assert shop.log_in().status == 429


def test_the_function_s_environment_sets_both_limits() -> None:
    shop = MemoryShop(LOGIN_FAILURES_PER_ACCOUNT="2", LOGIN_FAILURES_PER_ADDRESS="3")

    assert _statuses(_guess(shop, 3)) == [401, 401, 429]
    assert _statuses(_guess(shop, 2, "coffee-house")) == [401, 429]


@pytest.mark.parametrize("value", ["0", "-1", "1000", "ten", "1.5", "\u0661"])
def test_a_limit_that_cannot_be_meant_stops_the_login_by_name(value: str) -> None:
    with pytest.raises(ConfigurationError, match="LOGIN_FAILURES_PER_ACCOUNT"):
        MemoryShop(LOGIN_FAILURES_PER_ACCOUNT=value).log_in()


def test_neither_names_nor_addresses_stand_in_the_table() -> None:
    shop = MemoryShop()
    _guess(shop, 1)

    rows = [*shop.table("attempts")._rows.values()]

    assert len(rows) == 2
    assert "tea-house" not in str(rows)
    assert "192.0.2.1" not in str(rows)


def test_what_is_past_is_removed_by_the_sweep() -> None:
    shop = MemoryShop()
    _guess(shop, 3)
    assert shop.sweep()["attempts"] == 0
    shop.clock.advance(WINDOW_MS + 3000)

    assert shop.sweep()["attempts"] == 6
    assert not shop.table("attempts")._rows


def test_however_many_guess_at_once_no_more_than_the_limit_are_answered(counts: Counts) -> None:
    for _ in range(counts(small=3, full=200)):
        shop = MemoryShop()
        shop.register()
        statuses = at_once(*[lambda: shop.log_in(password=WRONG).status] * 32)  # noqa: B023

        assert set(statuses) <= {401, 429}
        assert statuses.count(401) <= 10
        assert _attempts(shop, account_scope("tea-house")) == statuses.count(401)


def test_a_guess_among_many_is_never_answered_beyond_the_limit_in_sum(counts: Counts) -> None:
    """Round after round on one account: what was left free of the limit is used, and no more."""
    for _ in range(counts(small=2, full=50)):
        shop = MemoryShop()
        shop.register()
        answered = 0
        for _round in range(8):
            answered += at_once(*[lambda: shop.log_in(password=WRONG).status] * 4).count(401)  # noqa: B023

        assert answered <= 10
        assert shop.log_in(password=PASSWORD).status == (429 if answered == 10 else 201)
