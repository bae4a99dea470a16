"""The sweep on a whole shop: what goes, what stays, how much in one run."""

import pytest

from app.domain.shards import shard
from app.domain.uploads import UNFINISHED_MS
from app.ports.errors import UnavailableError
from app.ports.tables import Row
from app.services import outbox, sweep_uploads
from app.services.one_by_one import SomeFailedError, one_by_one
from app.services.sweep import SweepError, sweep
from app.services.upload_rows import new_upload, row
from tests.support.faults import Faults, KilledError
from tests.support.memory_shop import NOW_MS, PASSWORD, MemoryShop

DAY_MS = 24 * 60 * 60 * 1000
MINUTE_MS = 60_000
NOTHING = dict.fromkeys(
    (
        "sessions",
        "attempts",
        "resets",
        "letters",
        "uploads",
        "carts",
        "pictures",
        "reindex",
        "lent",
        "outbox",
    ),
    0,
)


def _begun(shop: MemoryShop, begun_ms: int, *, blob: bool = True) -> str:
    """The key of an upload that began then, whose blob is there or not."""
    upload = new_upload("owner", "text/plain", 3, begun_ms)
    shop.table("uploads").put(row(upload))
    if blob:
        shop.bucket.put(upload.pending_place, b"abc", "text/plain")
    return upload.upload


def _rows(shop: MemoryShop, table: str) -> list[Row]:
    return list(shop.table(table)._rows.values())


def _unsent(shop: MemoryShop, username: str) -> None:
    """Register somebody whose process dies before it could tell."""
    faults = Faults(shop.cloud, 3, KilledError, after=False)
    with pytest.raises(KilledError):
        shop.call("POST /users", {"username": username, "password": PASSWORD}, adapters=faults)
    assert faults.calls[-1] == "welcome.send"


def test_a_shop_where_nothing_is_past_is_left_as_it_is() -> None:
    shop = MemoryShop()
    shop.token()
    shop.log_in(password="a wrong one")
    _begun(shop, NOW_MS)

    assert shop.sweep() == NOTHING
    assert [len(_rows(shop, name)) for name in ("sessions", "attempts", "uploads")] == [1, 2, 1]


@pytest.mark.parametrize("blob", [True, False])
def test_an_unfinished_upload_goes_after_a_day_and_not_before(blob: bool) -> None:  # noqa: FBT001
    shop = MemoryShop()
    _begun(shop, NOW_MS, blob=blob)
    shop.clock.advance(UNFINISHED_MS - 1)
    assert shop.sweep() == NOTHING
    assert len(shop.bucket._blobs) == int(blob)
    shop.clock.advance(2)

    assert shop.sweep() == NOTHING | {"uploads": 1}
    assert not _rows(shop, "uploads")
    assert not shop.bucket._blobs
    assert shop.sweep() == NOTHING


def test_uploads_are_found_however_old_they_are() -> None:
    shop = MemoryShop()
    for back in (1, 2, 30, 59, 600):
        _begun(shop, NOW_MS - back * DAY_MS - 1)

    assert shop.sweep()["uploads"] == 5


def test_a_run_takes_so_much_the_oldest_first_and_leaves_the_rest_to_the_next() -> None:
    shop = MemoryShop()
    late = [_begun(shop, NOW_MS - 2 * DAY_MS, blob=False) for _ in range(7)]
    for _ in range(sweep_uploads.A_RUN):
        _begun(shop, NOW_MS - 3 * DAY_MS, blob=False)

    assert shop.sweep()["uploads"] == sweep_uploads.A_RUN
    assert sorted(str(found["upload"]) for found in _rows(shop, "uploads")) == sorted(late)
    assert shop.sweep()["uploads"] == 7


def test_a_kept_upload_is_cleaned_up_after_once_and_stays() -> None:
    shop = MemoryShop()
    token = shop.token()
    begun = shop.call("POST /uploads", {"content_type": "text/plain", "size": 3}, token=token)
    shop.bucket.receive(begun.json["url"], begun.json["headers"], b"abc")
    shop.call(f"GET /uploads/{begun.json['key']}", token=token)
    shop.clock.advance(UNFINISHED_MS + 1)

    assert shop.sweep()["uploads"] == 0

    (found,) = _rows(shop, "uploads")
    assert found["state"] == "kept"
    assert "pending" not in found
    assert len(shop.bucket._blobs) == 1


def test_a_welcome_that_was_never_sent_goes_out_a_minute_later() -> None:
    shop = MemoryShop()
    _unsent(shop, "tea-house")
    shop.clock.advance(MINUTE_MS - 1)
    assert shop.sweep() == NOTHING, "whoever registers may still be at it"
    shop.clock.advance(2)

    assert shop.sweep() == NOTHING | {"outbox": 1}
    assert shop.sweep() == NOTHING
    shop.consume_all()
    (welcome,) = _rows(shop, "notifications")
    assert welcome["username"] == "tea-house"
    assert "outbox" not in (shop.user() or {"outbox": 1})


def test_an_index_that_lags_makes_no_noise_and_no_harm() -> None:
    """It still shows what was sent and what was swept: nothing is sent or removed twice."""
    shop = MemoryShop(lag_ms=10 * MINUTE_MS)
    shop.register("coffee-house")
    _unsent(shop, "tea-house")
    _begun(shop, NOW_MS)
    shop.clock.advance(UNFINISHED_MS + 10 * MINUTE_MS)
    sent = len(shop.queue.messages)

    assert shop.sweep() == NOTHING | {"uploads": 1, "outbox": 1}
    assert shop.sweep() == NOTHING
    assert len(shop.queue.messages) == sent + 1


def test_a_shop_with_more_to_tell_than_a_run_takes_tells_it_all_in_the_end() -> None:
    shop = MemoryShop()
    shop.register()
    pattern = shop.user() or {}
    for number in range(outbox.A_RUN + 3):
        name = f"name-{number:04}"
        event = f"01KAV9FT00{number:016}"
        shop.table("users").put(
            {
                **pattern,
                "username": name,
                "event": event,
                "outbox": shard("welcome", name),
                "outbox_at": event,
            }
        )
    shop.clock.advance(2 * MINUTE_MS)

    assert [shop.sweep()["outbox"] for _ in range(3)] == [outbox.A_RUN, 3, 0]


def test_a_row_that_cannot_be_dealt_with_keeps_no_other_waiting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = MemoryShop()
    spoilt = [new_upload("owner", "text/plain", 3, NOW_MS - 3 * DAY_MS) for _ in range(9)]
    for each in spoilt:
        shop.table("uploads").put({**row(each), "size": "many"})
    _begun(shop, NOW_MS - 2 * DAY_MS)

    with pytest.raises(SweepError, match="uploads"):
        shop.sweep()

    left = {found["upload"] for found in _rows(shop, "uploads")}
    assert left == {each.upload for each in spoilt}
    assert '"failed": "uploads"' in capsys.readouterr().err


def test_a_store_that_is_away_is_left_alone_after_five_of_many() -> None:
    asked: list[int] = []

    def deal(number: int) -> int:
        asked.append(number)
        if number % 2:
            raise UnavailableError("busy")
        return 1

    with pytest.raises(SomeFailedError, match=r"^welcomes: 5 could not be dealt with$"):
        one_by_one("welcomes", range(100), deal)
    assert asked == list(range(10))


def test_every_part_runs_whatever_fails_in_another(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ValueError("of a kind that nobody foresaw")

    ran: list[str] = []

    def run() -> int:
        ran.append("run")
        return 1

    with pytest.raises(SweepError, match=r": first, third$"):
        sweep({"first": fail, "second": run, "third": fail, "fourth": run})

    assert ran == ["run", "run"]
    assert [line for line in capsys.readouterr().err.splitlines() if "third" in line]


def test_many_sweeps_of_a_shop_by_nobody_else_remove_each_thing_once() -> None:
    shop = MemoryShop()
    for _ in range(20):
        _begun(shop, NOW_MS - 2 * DAY_MS)

    assert [shop.sweep()["uploads"] for _ in range(3)] == [20, 0, 0]
