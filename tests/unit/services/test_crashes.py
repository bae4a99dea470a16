"""Whatever dies between two calls of a store, and whichever answer is lost: it is mended."""

import pytest

from app.domain.uploads import UNFINISHED_MS
from app.ports.errors import UnavailableError
from tests.support.breaks import BREAKS, broken
from tests.support.faults import Faults
from tests.support.memory_shop import PASSWORD, Answer, MemoryShop
from tests.support.uploading import BODY, Uploading

MINUTES_2_MS = 120_000
USER = {"username": "tea-house", "password": PASSWORD}


def _healed(shop: MemoryShop) -> MemoryShop:
    """The shop two minutes on, swept, with its queue consumed."""
    shop.clock.advance(MINUTES_2_MS)
    shop.sweep()
    shop.consume_all()
    return shop


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_registration_that_breaks_is_there_with_one_welcome_or_not_at_all(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def register(shop: MemoryShop, faults: Faults) -> int:
        return shop.call("POST /users", USER, adapters=faults).status

    for shop, status in broken(MemoryShop, register, error, after=after):
        _healed(shop)

        user = shop.user()
        welcomes = [row["event"] for row in shop.table("notifications")._rows.values()]
        assert status in (None, 201, 503)
        if status == 201 or user is not None:
            assert user is not None
            assert welcomes == [user["event"]]
            assert "outbox" not in user
            assert shop.log_in().status == 201
            assert shop.register().status == 409
        else:
            assert welcomes == []
            assert shop.register().status == 201


@pytest.mark.parametrize("after", [False, True])
def test_an_answer_that_is_lost_while_registering_is_asked_for_again(after: bool) -> None:  # noqa: FBT001
    """Only where nothing was written, or nothing could be read back, has the client to retry."""

    def register(shop: MemoryShop, faults: Faults) -> tuple[int, str]:
        status = shop.call("POST /users", USER, adapters=faults).status
        return status, faults.calls[-1]

    found = [
        status for _, (status, _last) in broken(MemoryShop, register, UnavailableError, after=after)
    ]

    # get, put, send, update
    assert found == [503, 201 if after else 503, 201, 201]


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_login_that_breaks_leaves_the_account_as_it_was(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> MemoryShop:
        shop = MemoryShop()
        shop.register()
        return shop

    def log_in(shop: MemoryShop, faults: Faults) -> int:
        return shop.call("POST /sessions", USER, adapters=faults).status

    for shop, status in broken(made, log_in, error, after=after):
        assert status in (None, 201, 503)
        assert shop.log_in().status == 201


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_new_password_that_breaks_is_set_with_all_it_entails_or_not_at_all(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    tokens: dict[int, tuple[str, str]] = {}
    wanted = {"old_password": PASSWORD, "new_password": "some other words"}

    def made() -> MemoryShop:
        shop = MemoryShop()
        tokens[id(shop)] = shop.token(), shop.token()
        return shop

    def change(shop: MemoryShop, faults: Faults) -> int:
        token = tokens[id(shop)][0]
        return shop.call("PUT /users/me/password", wanted, token=token, adapters=faults).status

    for shop, status in broken(made, change, error, after=after):
        mine, other = (shop.call("GET /users/me", token=token).status for token in tokens[id(shop)])
        is_set = shop.log_in(password="some other words").status == 201
        assert status in (None, 204, 503)
        assert is_set or status != 204
        assert mine == 200
        assert other == (401 if is_set else 200)
        assert (shop.log_in().status == 201) is not is_set


def _fetch(shop: Uploading, faults: Faults) -> Answer:
    return shop.fetch(faults)


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_upload_that_breaks_while_it_is_kept_is_kept_when_asked_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, answer in broken(Uploading, _fetch, error, after=after):
        assert answer is None or answer.status in (200, 503)

        again = shop.fetch()

        assert again.status == 200
        assert shop.bucket.serve(again.json["url"]) == (200, BODY)
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()
        assert shop.kept() == 1


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_upload_that_breaks_while_it_is_kept_is_whole_or_gone_when_nobody_asks_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, answer in broken(Uploading, _fetch, error, after=after):
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()

        kept = shop.kept()
        assert kept == 1 or answer is None or answer.status == 503


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_wrong_upload_that_breaks_while_it_is_removed_is_never_kept(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> Uploading:
        shop = Uploading()
        shop.put_wrong()
        return shop

    for shop, answer in broken(made, _fetch, error, after=after):
        assert answer is None or answer.status in (409, 503)
        assert shop.fetch().status in (404, 409)
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()
        assert shop.kept() == 0
