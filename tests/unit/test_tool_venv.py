"""A tool's own environment: made once, by its pins, and never half."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.cli.tool_venv import tool_venv
from infra.errors import PlatformError
from tests.unit.machines import Answers, machine, quiet


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    file = tmp_path / "pins.txt"
    file.write_text("moto==1\n")
    return file


def made(words: list[str]) -> None:
    Path(words[-1]).mkdir(parents=True)


def all_well() -> Answers:
    return Answers().on("venv", does=made).on("install")


def test_it_is_made_once_for_each_content_of_the_pins(tmp_path: Path, pins: Path) -> None:
    answers = all_well()
    here = machine(tmp_path, answers)
    progress, lines = quiet()
    first = tool_venv(here, progress, "moto", pins)
    assert first == tool_venv(here, progress, "moto", pins)
    assert first.is_relative_to(here.cache)
    assert len(answers.calls) == 2
    assert len(lines) == 1
    assert {"--require-hashes", str(pins)} <= set(answers.calls[1])
    pins.write_text("moto==2\n")
    assert tool_venv(here, progress, "moto", pins) != first
    assert len(answers.calls) == 4


def test_of_many_at_once_one_makes_it(tmp_path: Path, pins: Path) -> None:
    answers = all_well()
    here = machine(tmp_path, answers)
    start = threading.Barrier(8)

    def make(_: int) -> Path:
        start.wait()
        return tool_venv(here, quiet()[0], "moto", pins)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1
    assert len(answers.calls) == 2


def test_one_that_failed_is_made_anew(tmp_path: Path, pins: Path) -> None:
    bad = Answers().on("venv", does=made).on("install", says="error: connection refused", code=1)
    with pytest.raises(PlatformError, match=r"moto.*network"):
        tool_venv(machine(tmp_path, bad), quiet()[0], "moto", pins)
    good = Answers().on("venv").on("install")
    tool_venv(machine(tmp_path, good), quiet()[0], "moto", pins)
    assert len(good.calls) == 2


def test_a_cache_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path, pins: Path) -> None:
    here = machine(tmp_path, all_well())
    here.cache.write_text("a file in its place")
    with pytest.raises(PlatformError, match="XDG_CACHE_HOME"):
        tool_venv(here, quiet()[0], "moto", pins)
