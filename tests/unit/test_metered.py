"""Means over all metered calls, times by the median round; and the file names everything."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra import measured, shop
from infra.cli import measure
from infra.cli.measure_rounds import under_way
from infra.measured import Measured
from infra.metered import Metered, means, metered, missing, written
from infra.settings import parse

PLATFORM = measure.shop_to_measure()
CALL = Metered(
    trigger="http",
    of="GET /cart",
    count=1,
    compute_ms=1.0,
    store_ms=2.0,
    calls=3,
    reads={"carts": 1},
)
BATCH = replace(CALL, trigger="queue", of="events", count=4, sends={"welcome": 2})
RUN = replace(CALL, trigger="schedule", of="sweep")


def test_a_line_of_the_log_that_tells_of_no_call_is_none() -> None:
    told = {"trigger": "http", "of": "GET /", "count": 1, "compute_ms": 1.5, "store_ms": 0.0}
    whole = json.dumps({"metered": {**told, "calls": 0}})
    found = metered(json.dumps({"event": "print", "text": whole}).encode())
    assert found is not None
    assert (found.of, found.compute_ms) == ("GET /", 1.5)
    for other in ("metered", "{}", json.dumps({"metered": told}), json.dumps({"metered": 1})):
        assert metered(json.dumps({"event": "print", "text": other}).encode()) is None
    for line in (b"", b'{"metered', b'{"event": "metered"}', b'["metered"]'):
        assert metered(line) is None


def test_units_are_means_over_all_calls_and_times_the_median_of_the_rounds_means() -> None:
    slow = replace(CALL, compute_ms=100.0, store_ms=200.0, calls=1, reads={"carts": 2, "users": 1})
    found = means(PLATFORM, [[CALL], [CALL, replace(CALL, compute_ms=3.0)], [slow]])
    cost = found.requests["GET /cart"]
    assert (cost.count, cost.calls, cost.reads) == (4, 2.5, {"carts": 1.25, "users": 0.25})
    assert (cost.compute_ms, cost.store_ms) == (2.0, 2.0)


def test_a_batch_counts_by_its_messages_under_each_queue_of_its_consumer() -> None:
    found = means(PLATFORM, [[BATCH, replace(BATCH, count=1)]])
    assert list(found.messages) == ["events"]
    cost = found.messages["events"]
    assert (cost.count, cost.calls, cost.sends) == (5, 1.2, {"welcome": 0.8})
    (events,) = (each for each in PLATFORM.queues if each.name == "events")
    two = replace(PLATFORM, queues=(*PLATFORM.queues, replace(events, name="more")))
    assert list(means(two, [[BATCH]]).messages) == ["events", "more"]


def test_what_was_not_measured_is_named() -> None:
    found = means(PLATFORM, [[CALL, BATCH, RUN]])
    lacking = missing(PLATFORM, found)
    assert "requests: GET /health" in lacking
    assert "messages: welcome" in lacking
    assert "runs: settle" in lacking
    assert not {"requests: GET /cart", "messages: events", "runs: sweep"} & {*lacking}


def test_the_file_reads_as_it_was_written_and_the_same_is_written_the_same(tmp_path: Path) -> None:
    rounds = [[CALL, replace(CALL, of="GET /products/{product}"), RUN], [BATCH]]
    found = means(PLATFORM, rounds)
    text = written(found, "made so\n\nand so")
    assert text.startswith("# made so\n#\n# and so\nrequests:\n")
    (tmp_path / "measured.yaml").write_text(text)
    assert measured.read(tmp_path / "measured.yaml") == found
    assert (
        written(means(PLATFORM, [[*reversed(each)] for each in rounds]), "made so\n\nand so")
        == text
    )
    assert written(Measured(), "").splitlines() == ["requests: {}", "messages: {}", "runs: {}"]


def test_a_message_that_nobody_told_of_is_under_way() -> None:
    sent = replace(CALL, sends={"events": 2})
    consumed = replace(CALL, trigger="queue", of="events")
    assert under_way(PLATFORM, [sent, consumed])
    assert not under_way(PLATFORM, [consumed, sent, consumed])


@pytest.mark.parametrize("payments", ["fake", "stripe"])
def test_the_file_of_the_repository_names_each_route_queue_and_schedule(payments: str) -> None:
    """A new one fails here until `make measure` has been run."""
    wanted = {"target": "local", "payments": payments}
    platform = shop.platform(parse(wanted, "a test", shop.NAMES), "local")
    found = measured.read(measure.OUT)
    assert missing(platform, found) == [], "→ make measure"


def test_the_file_of_the_repository_names_nothing_that_is_not_there() -> None:
    raw = yaml.safe_load(measure.OUT.read_text())
    tables = {each.name for each in PLATFORM.tables}
    queues = {each.name for each in PLATFORM.queues}
    assert set(raw["requests"]) <= {each.key for each in PLATFORM.routes}
    for section in raw.values():
        for name, cost in section.items():
            assert set(cost["reads"]) | set(cost["writes"]) <= tables, name
            assert set(cost["sends"]) <= queues, name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--repeats", "0"], "--repeats 0: nothing was measured"),
        (["--repeats", "41"], "→ 1 to 40"),
        (["--out", "/nowhere/at/all.yaml"], "there is no such folder, so nothing was measured"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure.main(arguments) == 1
    assert said in capsys.readouterr().err
