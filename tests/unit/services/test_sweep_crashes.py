"""A sweep that breaks: the next one finishes it, and its other parts go on."""

import json

import pytest

from app.domain.uploads import UNFINISHED_MS
from app.ports.errors import UnavailableError
from app.services.sweep import SweepError
from tests.conftest import Counts
from tests.support.breaks import BREAKS, broken
from tests.support.faults import Faults, KilledError
from tests.support.memory_shop import PASSWORD, MemoryShop
from tests.support.uploading import ASKED, BODY, WRONG, Uploading

MINUTES_2_MS = 120_000
USER = {"username": "tea-house", "password": PASSWORD}


def _to_sweep() -> Uploading:
    """A shop with one of everything that a sweep deals with."""
    shop = Uploading()
    shop.fetch()
    assert shop.put_again() == 200
    for body in (None, BODY, WRONG):  # never PUT, never asked for, refused
        shop.clock.advance(1)  # the same order each time
        begun = shop.call("POST /uploads", ASKED, token=shop.user_token).json
        if body == BODY:
            assert shop.bucket.receive(begun["url"], begun["headers"], BODY) == 200
        if body == WRONG:
            shop.put_wrong(begun["key"])
            refused = shop.call(f"GET /uploads/{begun['key']}", token=shop.user_token)
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
    for shop, _ in broken(_to_sweep, sweep, error, after=after, step=step):
        shop.sweep()
        shop.consume_all()

        assert shop.kept() == 1
        assert shop.fetch().status == 401, "its session was swept"
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
    for shop, result in broken(_to_sweep, swept, UnavailableError, after=after, step=step):
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert isinstance(result, SweepError)
        (part,) = str(result).partition(": ")[2].split(", ")
        assert part in {line["failed"] for line in lines}
        assert (not shop.table("attempts")._rows) or part == "attempts"
        assert (not shop.table("sessions")._rows) or part == "sessions"
        assert part == "outbox" or len(shop.queue.messages) == 2
        assert part == "uploads" or shop.kept() == 1
