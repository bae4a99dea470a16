"""The log loses lines rather than requests, says how many, and stays within its size."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.runtime.logbook import Logbook, now

HALF_MEGABYTE = "a" * (512 * 1024 - 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.jsonl"


@pytest.fixture
def logbook(path: Path) -> Iterator[Logbook]:
    found = Logbook(path, max_mb=1)
    yield found
    found.close()


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_a_json_object_with_time_and_event(path: Path, logbook: Logbook) -> None:
    logbook.write("started", pid=5, text="处理成功")
    (line,) = lines(path)
    assert list(line) == ["time", "event", "pid", "text"]
    assert (line["event"], line["pid"], line["text"]) == ("started", 5, "处理成功")
    assert len(line["time"]) == len(now()) == len("2026-01-01T00:00:00.000Z")
    assert line["time"].endswith("Z")


def test_the_log_is_its_owners_alone(path: Path, logbook: Logbook) -> None:
    logbook.write("started")
    assert path.stat().st_mode & 0o777 == 0o600


def test_lines_of_one_turn_are_written_together_in_order(path: Path, logbook: Logbook) -> None:
    async def turn() -> None:
        logbook.attach(asyncio.get_running_loop())
        for number in range(1000):
            logbook.write("line", number=number)
        assert lines(path) == []
        await asyncio.sleep(0.1)
        assert [line["number"] for line in lines(path)] == list(range(1000))
        logbook.write("last")
        logbook.close()
        assert lines(path)[-1]["event"] == "last"

    asyncio.run(turn())


def test_the_log_becomes_two_files_of_half_its_size(path: Path, logbook: Logbook) -> None:
    older = path.with_name(path.name + ".1")
    for number in range(5):
        logbook.write("line", number=number, text=HALF_MEGABYTE)
    assert [line["number"] for line in lines(path)] == [4]
    assert [line["number"] for line in lines(older)] == [3]
    assert older.stat().st_size + path.stat().st_size <= 1024 * 1024


def test_an_old_log_is_gone_on_with(path: Path) -> None:
    for number in range(2):
        logbook = Logbook(path, max_mb=1)
        logbook.write("line", number=number)
        logbook.close()
    assert [line["number"] for line in lines(path)] == [0, 1]


def test_a_line_larger_than_the_log_is_still_written(path: Path, logbook: Logbook) -> None:
    logbook.write("line", text=HALF_MEGABYTE * 3)
    logbook.write("next")
    assert [line["event"] for line in lines(path)] == ["next"]


def test_a_disk_that_cannot_be_written_costs_lines_which_are_counted(
    path: Path, logbook: Logbook
) -> None:
    path.symlink_to("/dev/full" if Path("/dev/full").exists() else path.parent)
    for _ in range(3):
        logbook.write("lost")
    path.unlink()
    logbook.close()
    for _ in range(2):
        logbook.write("kept")
    told, *kept = lines(path)
    assert (told["event"], told["count"]) == ("lines lost", 3)
    assert [line["event"] for line in kept] == ["kept", "kept"]


def test_a_folder_that_is_not_there_costs_lines_until_it_is(tmp_path: Path) -> None:
    path = tmp_path / "later" / "local.jsonl"
    logbook = Logbook(path, max_mb=1)
    logbook.write("lost")
    path.parent.mkdir()
    logbook.write("kept")
    logbook.close()
    assert [(line["event"], line.get("count")) for line in lines(path)] == [
        ("lines lost", 1),
        ("kept", None),
    ]


FILLED = """
import os, resource, sys
from pathlib import Path
from infra.local.runtime.logbook import Logbook

path = Path(sys.argv[1])
logbook = Logbook(path, max_mb=1)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
for number in range(10):
    logbook.write("line", number=number)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
logbook.write("after")
logbook.close()
"""


def test_a_disk_that_takes_half_a_line_leaves_all_others_whole(path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", FILLED, str(path)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    whole, torn = [], []
    for line in path.read_bytes().splitlines():
        try:
            whole.append(json.loads(line))
        except ValueError:
            torn.append(line)
    kept = [line["number"] for line in whole if line["event"] == "line"]
    (told,) = [line["count"] for line in whole if line["event"] == "lines lost"]
    assert kept == list(range(len(kept)))
    assert len(torn) == 1
    assert len(kept) + told == 10
    assert whole[-1]["event"] == "after"


def test_more_than_the_buffer_holds_is_lost_and_counted(path: Path) -> None:
    logbook = Logbook(path, max_mb=64)

    async def turn() -> None:
        logbook.attach(asyncio.get_running_loop())
        for _ in range(20):
            logbook.write("line", text=HALF_MEGABYTE)
        logbook.flush()

    asyncio.run(turn())
    logbook.close()
    told, *kept = lines(path)
    assert (told["event"], told["count"] + len(kept)) == ("lines lost", 20)
    assert len(kept) == 8


def test_a_line_that_is_no_json_is_lost_and_counted(path: Path, logbook: Logbook) -> None:
    logbook.write("line", text="\udc80")
    logbook.write("object", value=Path("/a"))
    told, line = lines(path)
    assert (told["event"], told["count"]) == ("lines lost", 1)
    assert line["value"] == "/a"


def test_a_smaller_size_holds_from_the_next_line_on(path: Path, logbook: Logbook) -> None:
    logbook.max_mb = 64
    for _ in range(4):
        logbook.write("line", text=HALF_MEGABYTE)
    logbook.max_mb = 1
    logbook.write("next")
    assert [line["event"] for line in lines(path)] == ["next"]


def test_closing_twice_does_nothing_more(logbook: Logbook) -> None:
    logbook.write("line")
    logbook.close()
    logbook.close()
