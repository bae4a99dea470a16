"""Users and sessions over HTTP, through the events of both clouds."""

import dataclasses
from collections.abc import Callable

import pytest

from app.adapters.common.passwords import CHEAP_FOR_TESTS_ONLY, Argon2Passwords
from app.domain.ids import is_id
from app.services.login import DECOY
from app.services.sessions import key_of
from tests.conftest import Counts
from tests.support.memory_shop import CLOUDS, NOW_MS, PASSWORD, MemoryShop
from tests.support.threads import at_once

OTHER = "some other words"
HOURS_12_MS = 12 * 60 * 60 * 1000


class SeenPasswords:
    """Cheap hashes, and what was compared to what; `hashing` runs before each hash."""

    def __init__(self, passes: int = 1, hashing: Callable[[], object] = lambda: None) -> None:
        self.compared: list[str] = []
        self._hashing = hashing
        parameters = dataclasses.replace(CHEAP_FOR_TESTS_ONLY, time_cost=passes)
        self._real = Argon2Passwords(parameters)

    def hash(self, password: str) -> str:
        self._hashing()
        return self._real.hash(password)

    def verify(self, kept: str, password: str) -> bool:
        self.compared.append(kept)
        return self._real.verify(kept, password)

    def outdated(self, kept: str) -> bool:
        return self._real.outdated(kept)


def _password_of(shop: MemoryShop) -> object:
    user = shop.user()
    assert user is not None
    return user["password"]


def _change(shop: MemoryShop, token: str, old: str = PASSWORD, new: str = OTHER) -> int:
    body = {"old_password": old, "new_password": new}
    return shop.call("PUT /users/me/password", body, token=token).status


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_user_registers_logs_in_is_known_and_logs_out(cloud: str) -> None:
    shop = MemoryShop()
    given = {"username": "Tea-House", "password": PASSWORD}

    registered = shop.call("POST /users", given, cloud=cloud)
    session = shop.call("POST /sessions", given, cloud=cloud)
    token = session.json["token"]
    me = shop.call("GET /users/me", token=token, cloud=cloud)
    left = shop.call("DELETE /sessions/current", token=token, cloud=cloud)
    after = shop.call("GET /users/me", token=token, cloud=cloud)

    user = registered.json
    assert (registered.status, session.status, me.status) == (201, 201, 200)
    assert is_id(user.pop("user_id"))
    assert user == {"username": "Tea-House", "created_at": NOW_MS}
    assert me.json == session.json["user"]
    assert session.json["expires_at"] == NOW_MS + HOURS_12_MS
    assert session.json["token_type"] == "Bearer"
    assert {answer.headers["cache-control"] for answer in (registered, session, me)} == {"no-store"}
    assert (left.status, left.json) == (204, None)
    assert after.status == 401


def test_a_name_is_taken_once_in_whatever_spelling() -> None:
    shop = MemoryShop()

    statuses = [
        shop.register(name).status
        for name in ("tea-house", "TEA-HOUSE", "\uff54\uff45\uff41-house")
    ]

    assert statuses == [201, 409, 409]
    assert len(shop.queue.messages) == 1


def test_a_name_that_is_taken_costs_no_hash() -> None:
    shop = MemoryShop()
    shop.register()
    hashed: list[int] = []
    shop.cloud._passwords = SeenPasswords(hashing=lambda: hashed.append(1))

    assert shop.register().status == 409
    assert hashed == []


def test_of_many_who_want_a_name_at_once_one_gets_it(counts: Counts) -> None:
    for _ in range(counts(small=5, full=300)):
        shop = MemoryShop()
        spellings = ["tea-house", "Tea-House", "TEA-HOUSE", "\uff54\uff45\uff41-house"] * 4
        passwords = [f"{PASSWORD} {number}" for number in range(16)]

        answers = at_once(
            *[
                lambda name=name, password=password: shop.register(name, password)  # noqa: B023
                for name, password in zip(spellings, passwords, strict=True)
            ]
        )

        statuses = [answer.status for answer in answers]
        assert sorted(statuses) == [201] + [409] * 15
        winner = statuses.index(201)
        assert shop.log_in(password=passwords[winner]).json["user"] == answers[winner].json
        assert len(shop.queue.messages) == 1


def test_an_unknown_name_and_a_wrong_password_are_answered_alike_with_the_same_work() -> None:
    shop = MemoryShop()
    shop.register()
    seen = shop.cloud._passwords = SeenPasswords()

    wrong, unknown, impossible = (
        shop.log_in(name, OTHER) for name in ("tea-house", "coffee-house", "no name at all!")
    )

    assert wrong.status == 401
    assert wrong == unknown == impossible
    assert seen.compared == [_password_of(shop), DECOY, DECOY]


def test_the_decoy_is_as_slow_as_a_hash_of_today() -> None:
    """When the parameters change: make it anew, of a password that nobody knows."""
    assert not Argon2Passwords().outdated(DECOY)


def test_a_login_makes_an_outdated_hash_anew_and_leaves_a_current_one() -> None:
    shop = MemoryShop()
    shop.register()
    old = _password_of(shop)
    assert shop.log_in().status == 201
    assert _password_of(shop) == old

    shop.cloud._passwords = SeenPasswords(passes=2)
    assert shop.log_in().status == 201

    assert _password_of(shop) != old
    assert not shop.cloud.passwords().outdated(str(_password_of(shop)))
    assert shop.log_in().status == 201


def test_a_hash_that_is_made_anew_never_undoes_a_password_that_was_set_meanwhile() -> None:
    shop = MemoryShop()
    token = shop.token()
    cheap = shop.cloud.passwords()

    def meanwhile() -> None:
        shop.cloud._passwords = cheap
        assert _change(shop, token) == 204

    shop.cloud._passwords = SeenPasswords(passes=2, hashing=meanwhile)
    stale = shop.log_in()

    assert stale.status == 201
    assert shop.call("GET /users/me", token=stale.json["token"]).status == 401
    assert shop.log_in(password=PASSWORD).status == 401
    assert shop.log_in(password=OTHER).status == 201


def test_a_new_password_ends_all_sessions_but_the_one_in_which_it_was_set() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()
    stranger = shop.token("coffee-house")

    assert _change(shop, mine) == 204

    def me(token: str) -> int:
        return shop.call("GET /users/me", token=token).status

    assert (me(mine), me(other), me(stranger)) == (200, 401, 200)
    assert shop.log_in().status == 401
    later = shop.log_in(password=OTHER).json["token"]
    assert _change(shop, later, OTHER, PASSWORD) == 204
    assert (me(mine), me(later)) == (401, 200), "what was spared once is not spared for good"


def test_a_password_that_does_not_change_ends_no_session() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()

    assert _change(shop, mine, old=OTHER) == 422
    assert _change(shop, mine, new="short") == 422

    assert shop.call("GET /users/me", token=other).status == 200
    assert shop.log_in().status == 201


def test_of_two_who_set_the_password_at_once_one_succeeds(counts: Counts) -> None:
    for _ in range(counts(small=5, full=300)):
        shop = MemoryShop()
        tokens = [shop.token(), shop.token()]
        words = ["the first new words", "the second new words"]

        statuses = at_once(
            *[
                lambda token=token, new=new: _change(shop, token, new=new)  # noqa: B023
                for token, new in zip(tokens, words, strict=True)
            ]
        )

        assert statuses.count(204) == 1
        assert set(statuses) <= {204, 401, 409, 422}
        place = statuses.index(204)
        assert shop.log_in(password=words[place]).status == 201
        assert shop.call("GET /users/me", token=tokens[place]).status == 200
        assert shop.call("GET /users/me", token=tokens[1 - place]).status == 401


def test_no_session_of_the_old_password_outlives_the_new_one(counts: Counts) -> None:
    """Not even one that was begun while the password was being set."""
    for _ in range(counts(small=5, full=300)):
        shop = MemoryShop()
        mine = shop.token()

        changed, *logins = at_once(
            lambda: _change(shop, mine),  # noqa: B023
            *[lambda: shop.log_in().json.get("token", "")] * 4,  # noqa: B023
        )

        assert changed == 204
        assert {shop.call("GET /users/me", token=token).status for token in logins} == {401}


def test_a_logout_ends_one_session_and_is_not_undone_by_a_new_password() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()

    assert shop.call("DELETE /sessions/current", token=other).status == 204
    assert _change(shop, mine) == 204

    assert shop.call("GET /users/me", token=other).status == 401
    assert shop.call("DELETE /sessions/current", token=other).status == 401
    assert shop.call("GET /users/me", token=mine).status == 200


def test_a_session_ends_after_twelve_hours_and_the_sweep_removes_it() -> None:
    shop = MemoryShop()
    token = shop.token()

    shop.clock.advance(HOURS_12_MS - 1)
    assert shop.call("GET /users/me", token=token).status == 200
    assert shop.sweep()["sessions"] == 0
    shop.clock.advance(1)
    assert shop.call("GET /users/me", token=token).status == 401
    shop.clock.advance(1000)

    assert shop.sweep()["sessions"] == 1


def test_a_session_whose_row_is_past_is_over_though_the_store_has_not_removed_it() -> None:
    shop = MemoryShop()
    token = shop.token()
    (row,) = shop.table("sessions")._rows.values()

    shop.table("sessions").put({**row, "expires_at": NOW_MS // 1000})

    assert shop.call("GET /users/me", token=token).status == 401


def test_a_session_row_of_somebody_else_does_not_fit_a_token() -> None:
    shop = MemoryShop()
    shop.register("coffee-house")
    other = shop.user("coffee-house")
    token = shop.token()
    (row,) = shop.table("sessions")._rows.values()
    assert other is not None

    for changed in ({"user_id": other["user_id"]}, {"username": "coffee-house"}):
        shop.table("sessions").put({**row, **changed})
        assert shop.call("GET /users/me", token=token).status == 401
    shop.table("sessions").put(row)
    assert shop.call("GET /users/me", token=token).status == 200


def test_what_is_kept_of_a_session_makes_no_token() -> None:
    shop = MemoryShop()
    token = shop.token()
    claims = shop.services("auth").tokens.read(token)

    (row,) = shop.table("sessions")._rows.values()

    assert row["session"] == key_of(claims.session)
    assert claims.session not in str(row)
    assert token not in str(row)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_of_a_token_is_read_in_any_case(cloud: str, scheme: str) -> None:
    shop = MemoryShop()
    headers = {"authorization": scheme + shop.token()}

    assert shop.call("GET /users/me", headers=headers, cloud=cloud).status == 200


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    ("authorization", "given"),
    [
        (None, False),
        ("", False),
        ("Basic dGVhOnRlYQ==", False),
        ("{token}", False),
        ("Bearer", True),
        ("Bearer ", True),
        ("Bearer {token}x", True),
        ("Bearer {token} {token}", True),
        ("Bearer {token},Bearer {token}", True),
        ("Bearer not.a.token", True),
        ("Bearer ü", True),
        ("Bearer " + "a" * 10_000, True),
    ],
)
def test_without_a_good_token_the_answer_says_how_to_authorise(
    cloud: str,
    authorization: str | None,
    given: bool,  # noqa: FBT001
) -> None:
    """RFC 6750, section 3: an error is named only where there was a token."""
    shop = MemoryShop()
    text = None if authorization is None else authorization.replace("{token}", shop.token())
    headers = {} if text is None else {"authorization": text}

    found = shop.call("GET /users/me", headers=headers, cloud=cloud)

    more = ', error="invalid_token"' if given else ""
    assert found.status == 401
    assert found.headers["www-authenticate"] == f'Bearer realm="shop"{more}'


def test_who_may_not_is_told_so_before_his_body_is_read() -> None:
    found = MemoryShop().call("PUT /users/me/password", b"{", token="none")

    assert found.status == 401


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b"\xff", 400, None),
        (None, 400, None),
        (b'{"username":"\\ud800aa","password":"12345678"}', 400, None),
        (b"[]", 422, "$"),
        ({}, 422, "$"),
        ({"username": "tea-house"}, 422, "$"),
        ({"username": "tea-house", "password": PASSWORD, "role": "admin"}, 422, "$"),
        ({"username": 7, "password": PASSWORD}, 422, "$.username"),
        ({"username": None, "password": PASSWORD}, 422, "$.username"),
        ({"username": "te", "password": PASSWORD}, 422, "$.username"),
        ({"username": "t" * 65, "password": PASSWORD}, 422, "$.username"),
        ({"username": "tea house", "password": PASSWORD}, 422, "$.username"),
        ({"username": "tea-house", "password": "7 chars"}, 422, "$.password"),
        ({"username": "tea-house", "password": "p" * 129}, 422, "$.password"),
    ],
)
def test_a_registration_that_cannot_be_is_refused_by_field(
    cloud: str, body: object, status: int, field: str | None
) -> None:
    shop = MemoryShop()

    found = shop.call("POST /users", body, cloud=cloud)

    assert found.status == status
    assert [each["field"] for each in found.json.get("errors", [])] == ([field] if field else [])
    assert shop.queue.messages == []
    assert shop.table("users")._rows == {}


def test_a_body_that_says_it_is_no_json_is_refused() -> None:
    headers = {"content-type": "text/plain"}
    body = {"username": "tea-house", "password": PASSWORD}

    assert MemoryShop().call("POST /users", body, headers=headers).status == 400
