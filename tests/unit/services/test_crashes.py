"""Whatever dies between two calls of a store, and whichever answer is lost: it is mended."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.domain.uploads import UNFINISHED_MS, kept_place
from app.ports.errors import UnavailableError
from app.services.sweep import SweepError
from tests.conftest import Counts
from tests.support.faults import Faults, KilledError
from tests.support.memory_shop import PASSWORD, MemoryShop

MINUTES_2_MS = 120_000
BODY = b"what was uploaded"
USER = {"username": "tea-house", "password": PASSWORD}
BREAKS = [(KilledError, False), (KilledError, True), (UnavailableError, False),
          (UnavailableError, True)]  # fmt: skip

Run = Callable[[MemoryShop, Faults], Any]


def _broken(
    make: Callable[[], MemoryShop],
    run: Run,
    error: type[BaseException],
    *,
    after: bool,
    step: int = 1,
) -> Iterator[tuple[MemoryShop, Any]]:
    """A shop for each call of a store that `run` makes, after it broke at that call.

    A `step` of 3 takes every third of them, beginning elsewhere for each kind of break. With what `run` returned: None when it died.
    """
    seen = Faults((whole := make()).cloud, 0, error, after=after)
    run(whole, seen)
    assert seen.calls, "nothing was asked of any store"
    for at in range(1 + BREAKS.index((error, after)) % step, len(seen.calls) + 1, step):
        shop = make()
        faults = Faults(shop.cloud, at, error, after=after)
        try:
            result = run(shop, faults)
        except (KilledError, SweepError):
            result = None
        assert faults.calls[at - 1] == seen.calls[at - 1]
        yield shop, result


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

    for shop, status in _broken(MemoryShop, register, error, after=after):
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
        status
        for _, (status, _last) in _broken(MemoryShop, register, UnavailableError, after=after)
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

    for shop, status in _broken(made, log_in, error, after=after):
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

    for shop, status in _broken(made, change, error, after=after):
        mine, other = (shop.call("GET /users/me", token=token).status for token in tokens[id(shop)])
        is_set = shop.log_in(password="some other words").status == 201
        assert status in (None, 204, 503)
        assert is_set or status != 204
        assert mine == 200
        assert other == (401 if is_set else 200)
        assert (shop.log_in().status == 201) is not is_set


def _uploading() -> MemoryShop:
    """A shop with one upload that was PUT; `key` and `token` are set on it."""
    shop = MemoryShop()
    token = shop.token()
    begun = shop.call("POST /uploads", {"content_type": "text/plain", "size": 17}, token=token)
    assert shop.bucket.receive(begun.json["url"], begun.json["headers"], BODY) == 200
    shop.key, shop.token_of_it = begun.json["key"], token  # type: ignore[attr-defined]
    return shop


def _fetch(shop: Any, faults: Faults | None = None) -> Any:
    return shop.call(f"GET /uploads/{shop.key}", token=shop.token_of_it, adapters=faults)


def _kept(shop: MemoryShop) -> int:
    """How many uploads are kept whole; any that is half there fails."""
    rows = list(shop.table("uploads")._rows.values())
    places = {kept_place(str(row["owner"]), str(row["upload"])) for row in rows}
    assert set(shop.bucket._blobs) == places, "each row has its blob, each blob its row"
    assert {(row["state"], "pending" in row) for row in rows} <= {("kept", False)}
    return len(rows)


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_upload_that_breaks_while_it_is_kept_is_kept_when_asked_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, answer in _broken(_uploading, _fetch, error, after=after):
        assert answer is None or answer.status in (200, 503)

        again = _fetch(shop)

        assert again.status == 200
        assert shop.bucket.serve(again.json["url"]) == (200, BODY)
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()
        assert _kept(shop) == 1


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_an_upload_that_breaks_while_it_is_kept_is_whole_or_gone_when_nobody_asks_again(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    for shop, answer in _broken(_uploading, _fetch, error, after=after):
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()

        kept = _kept(shop)
        assert kept == 1 or answer is None or answer.status == 503


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_wrong_upload_that_breaks_while_it_is_removed_is_never_kept(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
) -> None:
    def made() -> MemoryShop:
        shop = _uploading()
        (place,) = shop.bucket._blobs
        shop.bucket.put(place, b"of another size", "text/plain")
        return shop

    for shop, answer in _broken(made, _fetch, error, after=after):
        assert answer is None or answer.status in (409, 503)
        assert _fetch(shop).status in (404, 409)
        shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
        shop.sweep()
        assert _kept(shop) == 0


def _to_sweep() -> MemoryShop:
    """A shop with one of everything that a sweep deals with."""
    shop = _uploading()
    owner = str((shop.user() or {})["user_id"])
    _fetch(shop)
    shop.bucket.put(f"pending/{owner}/{shop.key}", BODY, "text/plain")  # type: ignore[attr-defined]
    for body in (None, BODY, b"of another size"):  # never PUT, never asked for, refused
        shop.clock.advance(1)  # the same order each time
        asked = {"content_type": "text/plain", "size": 17}
        begun = shop.call("POST /uploads", asked, token=shop.token_of_it)  # type: ignore[attr-defined]
        if body is not None:
            shop.bucket.put(f"pending/{owner}/{begun.json['key']}", body, "text/plain")
        if body not in (None, BODY):
            refused = shop.call(f"GET /uploads/{begun.json['key']}", token=shop.token_of_it)  # type: ignore[attr-defined]
            assert refused.status == 409
    faults = Faults(shop.cloud, 3, KilledError, after=False)
    with pytest.raises(KilledError):  # written, and not told of
        shop.call("POST /users", USER | {"username": "coffee-house"}, adapters=faults)
    shop.log_in(password="a wrong one")
    shop.clock.advance(UNFINISHED_MS + MINUTES_2_MS)
    return shop


@pytest.mark.parametrize(("error", "after"), BREAKS)
def test_a_sweep_that_breaks_is_finished_by_the_next_one(
    error: type[BaseException],
    after: bool,  # noqa: FBT001
    counts: Counts,
) -> None:
    def sweep(shop: MemoryShop, faults: Faults) -> object:
        return shop.sweep(faults)

    step = counts(small=3, full=1)
    for shop, _ in _broken(_to_sweep, sweep, error, after=after, step=step):
        shop.sweep()
        shop.consume_all()

        assert _kept(shop) == 1
        assert _fetch(shop).status == 401, "its session was swept"
        assert not shop.table("sessions")._rows
        assert not shop.table("attempts")._rows
        users = list(shop.table("users")._rows.values())
        assert len(users) == 2
        assert not any("outbox" in user for user in users)
        events = {row["event"] for row in shop.table("notifications")._rows.values()}
        assert events == {user["event"] for user in users}


@pytest.mark.parametrize("after", [False, True])
def test_a_store_that_fails_in_one_part_of_the_sweep_stops_no_other(
    after: bool,  # noqa: FBT001
    capsys: pytest.CaptureFixture[str],
    counts: Counts,
) -> None:
    def swept(shop: MemoryShop, faults: Faults) -> object:
        try:
            return shop.sweep(faults)
        except SweepError as error:
            return error

    step = counts(small=3, full=1)
    for shop, result in _broken(_to_sweep, swept, UnavailableError, after=after, step=step):
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert isinstance(result, SweepError)
        (part,) = str(result).partition(": ")[2].split(", ")
        assert part in {line["failed"] for line in lines}
        assert (not shop.table("attempts")._rows) or part == "attempts"
        assert (not shop.table("sessions")._rows) or part == "sessions"
        assert part == "outbox" or len(shop.queue.messages) == 2
        assert part == "uploads" or _kept(shop) == 1
