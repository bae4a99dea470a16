"""A metered function tells what each call took: units, calls, messages, and times by two clocks."""

import json
import shutil
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.adapters.common.metered import MeteredAdapters, MeteredTable, started, write_units
from app.adapters.local.tables import LocalTable
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.bootstrap import Services
from app.dispatch import serve
from app.dispatch_events import serve_queue, serve_schedule
from app.gateways import aws, aws_events
from app.metering import Meter
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Schema, Table
from app.services.sweep import SweepError
from infra.bundle import METER, bundle
from infra.cli.measure import shop_to_measure
from infra.local import access
from infra.local.places import Places
from infra.metered import metered
from infra.model import Function
from infra.settings_local import Local
from tests.support.memory_shop import MemoryShop, environment

KB = 1024
NOTES = Schema(
    partition="owner", indexes={"by_state": ("state", None), "by_topic": ("topic", "state")}
)
CONTEXT = SimpleNamespace(aws_request_id="1", get_remaining_time_in_millis=lambda: 2500)


class Told:
    """A meter whose CPU goes on by 1 ms and whose wall by 10 ms each time it is looked at."""

    def __init__(self) -> None:
        cpu, wall = count(step=1_000_000), count(step=10_000_000)
        self.lines: list[dict[str, Any]] = []
        self.meter = Meter(self._write, lambda: next(cpu), lambda: next(wall))

    def _write(self, line: str) -> None:
        assert line.endswith("\n")
        self.lines.append(json.loads(line)["metered"])

    def of(self, call: Any) -> dict[str, Any]:
        """What one call of a function that does this is told to take."""
        self.meter.measured("http", lambda *_: call(), lambda *_: ("GET /", 1), lambda _: True)(
            None, None
        )
        return self.lines[-1]


@pytest.fixture(params=["memory", "local"])
def told_notes(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Told, Table]:
    clock = MemoryClock(0)
    table: Table = (
        MemoryTable(NOTES, clock)
        if request.param == "memory"
        else LocalTable(tmp_path, NOTES, clock, "normal")
    )
    told = Told()
    return told, MeteredTable(table, "notes", NOTES, told.meter)


def row(**columns: Any) -> dict[str, Any]:
    return {"owner": "me", **columns}


def test_each_started_unit_counts_and_nothing_counts_as_one() -> None:
    assert [started(size, 4 * KB) for size in (0, 1, 4 * KB, 4 * KB + 1)] == [1, 1, 1, 2]


def test_a_read_counts_by_the_rows_size_and_an_absent_row_is_one(
    told_notes: tuple[Told, Table],
) -> None:
    told, notes = told_notes
    assert told.of(lambda: notes.get({"owner": "me"}))["reads"] == {"notes": 1}
    notes.put(row(text="x" * 4 * KB))
    assert told.of(lambda: notes.get({"owner": "me"}))["reads"] == {"notes": 2}


def test_the_rows_of_a_query_count_together(told_notes: tuple[Told, Table]) -> None:
    told, notes = told_notes
    for number in range(5):
        notes.put({"owner": f"o{number}", "state": "new", "text": "x" * 1500})
    assert told.of(lambda: notes.query("new", index="by_state"))["reads"] == {"notes": 2}
    assert told.of(lambda: notes.query("old", index="by_state"))["reads"] == {"notes": 1}


def test_a_write_counts_the_larger_row_and_each_row_of_an_index_that_changes(
    told_notes: tuple[Told, Table],
) -> None:
    told, notes = told_notes
    key = {"owner": "me"}

    def writes(call: Any) -> int:
        return int(told.of(call)["writes"]["notes"])

    assert writes(lambda: notes.put(row(text="x"))) == 1, "in no index"
    assert writes(lambda: notes.update(key, set={"state": "new"})) == 2, "by_state has it now"
    assert writes(lambda: notes.update(key, set={"topic": "tea"})) == 3, "both have it"
    assert writes(lambda: notes.update(key, set={"text": "x" * KB})) == 6, "two units each"
    assert writes(lambda: notes.update(key, set={"state": "old"})) == 10, "both entries move"
    assert writes(lambda: notes.update(key, set={"state": "old"})) == 2, "no entry changes"
    assert writes(lambda: notes.update(key, remove=["topic", "text"])) == 6, "as large as before"
    assert writes(lambda: notes.delete(key)) == 2, "the row and its entry"
    assert writes(lambda: notes.delete(key)) == 1, "there was none"


def test_a_write_whose_condition_fails_counts_the_row_that_was_there(
    told_notes: tuple[Told, Table],
) -> None:
    told, notes = told_notes
    notes.put(row(text="x" * 2 * KB, state="new"))

    def late() -> None:
        with pytest.raises(ConditionFailedError):
            notes.put(row(text="y"), if_absent=True)
        with pytest.raises(ConditionFailedError):
            notes.update({"owner": "me"}, add={"n": 1}, when=[Condition("state", "=", "old")])

    found = told.of(late)
    assert (found["writes"], found["calls"], found["reads"]) == ({"notes": 6}, 2, {})


def test_what_was_never_there_and_is_not_counts_one_write() -> None:
    assert write_units(NOTES, None, None) == 1


def test_time_in_stores_is_the_walls_and_all_else_is_the_processors() -> None:
    told = Told()
    notes = MeteredTable(MemoryTable(NOTES, MemoryClock(0)), "notes", NOTES, told.meter)

    def work() -> None:
        notes.put(row())
        notes.get({"owner": "me"})

    found = told.of(work)
    # two calls of 10 ms; six looks at the CPU's clock, each call's own 1 ms aside
    assert (found["calls"], found["store_ms"], found["compute_ms"]) == (2, 20.0, 3.0)
    assert told.of(lambda: None)["calls"] == 0, "each call begins anew"


def test_blobs_and_messages_count_calls_and_what_is_signed_in_the_process_counts_none() -> None:
    memory, told = MemoryShop(), Told()
    adapters = MeteredAdapters(memory.cloud, told.meter)
    bucket, queue = adapters.bucket("uploads", {"may": []}), adapters.queue("events", {"may": []})

    def work() -> None:
        bucket.put("a", b"1", "text/plain")
        bucket.get("a")
        bucket.peek("a", 1)
        blob = bucket.head("a")
        assert blob is not None
        bucket.copy("a", "b", etag=blob.etag)
        bucket.delete("a")
        bucket.upload_url("c", "text/plain", 1, 60)
        bucket.download_url("b", 60)
        queue.send("hello")

    found = told.of(work)
    assert (found["calls"], found["sends"]) == (7, {"events": 1})
    assert (found["reads"], found["writes"]) == ({}, {})


def test_nothing_is_metered_and_nothing_of_it_is_packed_unless_the_environment_asks() -> None:
    memory, root = MemoryShop(), Path(__file__).parents[2]
    assert Services(dict(environment("auth")), memory.cloud).meter is None
    plain = bundle(root, Function(name="auth"), "aws")
    asked = bundle(root, Function(name="auth", environment={METER: "1"}), "aws")
    more = {file.path for file in asked.files} - {file.path for file in plain.files}
    assert {"app/metering.py", "app/adapters/common/metered.py"} <= more
    assert not [file for file in plain.files if "meter" in file.path]


def _served(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    lines = capsys.readouterr().out.splitlines()
    return [metered(json.dumps({"event": "print", "text": line}).encode()) for line in lines]


def test_the_shops_own_calls_are_counted_behind_the_grants_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    services = MemoryShop(SHOP_METER="1").services("auth")
    assert services.meter is not None

    def call(*_: object) -> None:
        users = services.table("users")
        users.put({"username": "tea-house", "outbox": "a", "outbox_at": "b"}, if_absent=True)
        services.queue("welcome").send("{}")

    services.meter.measured("http", call, lambda *_: ("POST /users", 1), lambda _: True)(None, None)
    (found,) = _served(capsys)
    assert (found.calls, found.writes, found.sends) == (2, {"users": 2}, {"welcome": 1})


def test_a_route_that_answers_well_is_told_by_its_key_and_another_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call = serve(
        {"SHOP_HANDLER": "health", "SHOP_STACK": "s", METER: "1"}, aws.request, aws.call_id
    )
    for path in ("/health", "/nowhere"):
        http = {"method": "GET", "path": path, "sourceIp": "192.0.2.1"}
        about = {"requestId": "1", "http": http}
        call({"routeKey": f"GET {path}", "requestContext": about}, CONTEXT)
    (found,) = _served(capsys)
    assert (found.trigger, found.of, found.count) == ("http", "GET /health", 1)


def here(root: Path, name: str) -> dict[str, str]:
    """The environment of a function of the shop that is measured, its stores in this folder."""
    platform, places = shop_to_measure(), Places(root)
    stores = [f"tables/{each.name}" for each in platform.tables]
    for each in (*stores, *(f"buckets/{bucket.name}" for bucket in platform.buckets)):
        (places.data / each).mkdir(parents=True)
    (function,) = (each for each in platform.functions if each.name == name)
    granted = access.environment(platform, name, places, Local(durability="normal"))
    return {**function.environment, **granted}


def test_a_batch_is_told_by_its_consumer_and_only_when_all_of_it_went_well(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = here(tmp_path, "events")
    call = serve_queue(given, aws_events.messages, aws_events.consumed, aws.call_id, lambda _: None)
    said = {"kind": "audit", "id": "0" * 26, "subject": "s", "what": "w", "by": "b", "at": 1}
    good, bad = (
        {"messageId": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        for body in (json.dumps({**said, "more": {}}), "{")
    )
    call({"Records": [good, bad]}, CONTEXT)
    call({"Records": []}, CONTEXT)
    assert _served(capsys) == []
    call({"Records": [good, good]}, CONTEXT)
    (found,) = _served(capsys)
    assert (found.trigger, found.of, found.count) == ("queue", "events", 2)
    assert found.writes["audits"] > 0


def test_a_run_is_told_by_its_schedule_and_a_failed_one_is_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call = serve_schedule(here(tmp_path, "sweep"), aws_events.schedule, aws.call_id, lambda _: None)
    event = {"detail-type": "Scheduled Event", "resources": ["arn:aws:events:::rule/sweep"]}
    call(event, CONTEXT)
    (found,) = _served(capsys)
    assert (found.trigger, found.of, found.count) == ("schedule", "sweep", 1)
    assert found.reads["carts"] > 0
    shutil.rmtree(Places(tmp_path).data / "tables" / "carts")
    with pytest.raises(SweepError):
        call(event, CONTEXT)
    assert _served(capsys) == []
