"""Who is in, for how long, and what puts him out."""

import pytest

from app.services.sessions import key_of
from tests.conftest import Counts
from tests.support.memory_shop import CLOUDS, NOW_MS, OTHER, PASSWORD, MemoryShop
from tests.support.threads import at_once

HOURS_12_MS = 12 * 60 * 60 * 1000


def test_a_new_password_ends_all_sessions_but_the_one_in_which_it_was_set() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()
    stranger = shop.token("coffee-house")

    assert shop.change(mine) == 204

    def me(token: str) -> int:
        return shop.call("GET /users/me", token=token).status

    assert (me(mine), me(other), me(stranger)) == (200, 401, 200)
    assert shop.log_in().status == 401
    later = shop.log_in(password=OTHER).json["token"]
    assert shop.change(later, OTHER, PASSWORD) == 204
    assert (me(mine), me(later)) == (401, 200), "what was spared once is not spared for good"


def test_a_password_that_does_not_change_ends_no_session() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()

    assert shop.change(mine, old=OTHER) == 422
    assert shop.change(mine, new="short") == 422

    assert shop.call("GET /users/me", token=other).status == 200
    assert shop.log_in().status == 201


def test_of_two_who_set_the_password_at_once_one_succeeds(counts: Counts) -> None:
    for _ in range(counts(small=5, full=300)):
        shop = MemoryShop()
        tokens = [shop.token(), shop.token()]
        words = ["the first new words", "the second new words"]

        statuses = at_once(
            *[
                lambda token=token, new=new: shop.change(token, new=new)  # noqa: B023
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
            lambda: shop.change(mine),  # noqa: B023
            *[lambda: shop.log_in().json.get("token", "")] * 4,  # noqa: B023
        )

        assert changed == 204
        assert {shop.call("GET /users/me", token=token).status for token in logins} == {401}


def test_a_logout_ends_one_session_and_is_not_undone_by_a_new_password() -> None:
    shop = MemoryShop()
    mine, other = shop.token(), shop.token()

    assert shop.call("DELETE /sessions/current", token=other).status == 204
    assert shop.change(mine) == 204

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

    theirs = {"username": "coffee-house", "user_id": other["user_id"]}
    for changed in ({"user_id": other["user_id"]}, {"username": "coffee-house"}, theirs):
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


def test_a_carts_token_that_is_good_no_longer_keeps_nobody_out() -> None:
    shop = MemoryShop()
    shop.register()
    old = shop.call("POST /carts").json["cart_token"]
    shop.clock.advance(91 * 24 * 60 * 60 * 1000)
    for cart_token in (old, "forged", str(shop.log_in().json["token"])):
        login = {"username": "tea-house", "password": PASSWORD, "cart_token": cart_token}
        answer = shop.call("POST /sessions", login)
        assert (answer.status, answer.json["cart_merged"]) == (201, False)
