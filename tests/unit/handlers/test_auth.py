"""Registration and login over HTTP, through the events of both clouds."""

import dataclasses
from collections.abc import Callable

import pytest

from app.adapters.common.passwords import CHEAP_FOR_TESTS_ONLY, Argon2Passwords
from app.domain.ids import is_id
from app.services.login import DECOY
from tests.conftest import Counts
from tests.support.memory_shop import CLOUDS, NOW_MS, OTHER, PASSWORD, MemoryShop
from tests.support.threads import at_once

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


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_user_registers_logs_in_is_known_and_logs_out(cloud: str) -> None:
    shop = MemoryShop()
    given = {"username": "Tea-House", "password": PASSWORD}
    address = {"email": "tea@house.example"}

    registered = shop.call("POST /users", given | address, cloud=cloud)
    session = shop.call("POST /sessions", given, cloud=cloud)
    token = session.json["token"]
    me = shop.call("GET /users/me", token=token, cloud=cloud)
    left = shop.call("DELETE /sessions/current", token=token, cloud=cloud)
    after = shop.call("GET /users/me", token=token, cloud=cloud)

    user = registered.json
    assert (registered.status, session.status, me.status) == (201, 201, 200)
    assert is_id(user.pop("user_id"))
    assert user == {
        "username": "Tea-House",
        "created_at": NOW_MS,
        "role": "customer",
        "email": "tea@house.example",
    }
    assert me.json == session.json["user"]
    assert session.json["expires_at"] == NOW_MS + HOURS_12_MS
    assert session.json["token_type"] == "Bearer"
    assert {answer.headers["cache-control"] for answer in (registered, session, me)} == {"no-store"}
    assert (left.status, left.json) == (204, None)
    assert after.status == 401


def test_a_name_is_taken_once_in_whatever_spelling() -> None:
    shop = MemoryShop()

    statuses = [shop.register(name).status for name in ("tea-house", "TEA-HOUSE", "Tea-house")]

    assert statuses == [201, 409, 409]
    assert len(shop.queue.messages) == 1
    assert shop.log_in("\uff54\uff45\uff41-house").status == 201, "as some keyboards send it"


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
        spellings = ["tea-house", "Tea-House", "TEA-HOUSE", "tea-HOUSE"] * 4
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
        assert shop.change(token) == 204

    shop.cloud._passwords = SeenPasswords(passes=2, hashing=meanwhile)
    stale = shop.log_in()

    assert stale.status == 201
    assert shop.call("GET /users/me", token=stale.json["token"]).status == 401
    assert shop.log_in(password=PASSWORD).status == 401
    assert shop.log_in(password=OTHER).status == 201


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
