"""`make logs` shows the last lines, goes on with new ones, and follows a rotated log."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from itertools import islice
from pathlib import Path

import pytest

from infra.cli import logs
from infra.cli.logs import follow, readable
from infra.errors import PlatformError
from infra.local.places import Places


def script(*steps: Callable[[], object]) -> Callable[[float], None]:
    """A sleep that does one of these steps each time it is called."""
    left = list(steps)

    def sleep(seconds: float) -> None:
        assert 0 < seconds < 1
        left.pop(0)()

    return sleep


def append(path: Path, text: str) -> Callable[[], object]:
    def step() -> None:
        with path.open("a") as file:
            file.write(text)

    return step


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "local.jsonl"
    found.write_text("".join(f"{number}\n" for number in range(10)))
    return found


@pytest.mark.parametrize(
    ("last", "found"), [(3, ["7\n", "8\n", "9\n"]), (0, []), (-1, []), (99, None)]
)
def test_the_last_lines_come_first(path: Path, last: int, found: list[str] | None) -> None:
    expected = [f"{number}\n" for number in range(10)] if found is None else found
    assert list(follow(path, last, None)) == expected


def test_new_lines_come_as_they_are_written_and_never_in_parts(path: Path) -> None:
    sleep = script(append(path, "new\nhal"), append(path, "f"), append(path, " line\nmore\n"))
    assert list(islice(follow(path, 1, sleep), 4)) == ["9\n", "new\n", "half line\n", "more\n"]


def test_a_line_that_is_not_whole_at_first_is_shown_when_it_is(path: Path) -> None:
    append(path, "unfin")()
    assert list(follow(path, 2, None)) == ["9\n"]
    sleep = script(append(path, "ished\n"))
    assert list(islice(follow(path, 2, sleep), 2)) == ["9\n", "unfinished\n"]


def test_a_rotated_log_is_gone_on_with_many_times_and_no_line_is_lost(path: Path) -> None:
    def rotate(number: int) -> Callable[[], object]:
        def step() -> None:
            append(path, f"last of {number}\n")()
            path.rename(path.with_name("older"))
            path.write_text(f"first of {number + 1}\n")

        return step

    sleep = script(*(rotate(number) for number in range(1200)))
    found = list(islice(follow(path, 0, sleep), 2400))
    assert found == [
        line
        for number in range(1200)
        for line in (f"last of {number}\n", f"first of {number + 1}\n")
    ]


def test_a_log_that_is_just_being_rotated_is_waited_for(path: Path) -> None:
    steps = [lambda: path.rename(path.with_name("older")), lambda: path.write_text("new\n")]
    assert list(islice(follow(path, 0, script(*steps)), 1)) == ["new\n"]


def test_without_a_log_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="there is no log yet\n→ make up starts"):
        list(follow(tmp_path / "none", 5, None))


REQUEST = {
    "time": "2026-11-22T17:10:11.123Z",
    "event": "request",
    "request_id": "an-id",
    "method": "GET",
    "path": "/health",
    "function": "health",
    "status": 200,
    "ms": 1.5,
}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (REQUEST, "17:10:11.123  health        GET /health → 200 in 1.5 ms  an-id"),
        (
            {**REQUEST, "function": None, "status": 404, "failure": "no route matches"},
            (
                "17:10:11.123  -             GET /health → 404 in 1.5 ms  "
                "failure=no route matches  an-id"
            ),
        ),
        (
            {"time": REQUEST["time"], "event": "print", "function": "f", "text": "", "pid": 5},
            "17:10:11.123  f             pid=5",
        ),
        (
            {"time": REQUEST["time"], "event": "handler raised", "trace": "Traceback\n  x\n"},
            "17:10:11.123  -             handler raised\nTraceback\n  x",
        ),
        ({"event": "request"}, "-               →  in  ms"),
        ({}, "-           "),
    ],
)
def test_a_line_is_made_readable(line: dict[str, object], text: str) -> None:
    assert readable(json.dumps(line) + "\n") == text


@pytest.mark.parametrize("line", ["torn {\n", "5\n", "[1]\n", "null\n", "\n"])
def test_what_is_no_line_of_ours_is_shown_as_it_is(line: str) -> None:
    assert readable(line) == line.rstrip("\n")


def test_only_the_local_stacks_log_is_here() -> None:
    said = io.StringIO()
    with redirect_stderr(said):
        assert logs.main(["--stack", "aws-dev"]) == 1
    assert said.getvalue() == (
        "stack aws-dev: only the local stack's log is on this machine\n"
        "→ aws logs tail --follow /aws/lambda/shop-aws-dev-<function> shows one there; "
        "or leave STACK out\n"
    )


@pytest.mark.parametrize(
    ("words", "shown"), [(["--json"], '{"event": "second"}\n'), ([], "-             second\n")]
)
def test_the_command_prints_lines_for_people_or_for_programs(
    tmp_path: Path, words: list[str], shown: str
) -> None:
    log = tmp_path / ".shop/log/local.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"event": "first"}\n{"event": "second"}\n')
    said = io.StringIO()
    with redirect_stdout(said):
        assert logs.main(["--no-follow", "--lines", "1", *words], tmp_path) == 0
    assert said.getvalue() == shown


def test_under_the_last_line_of_a_stopped_shop_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To programs' eyes there are the lines alone: it goes to standard error."""
    log = tmp_path / ".shop/log/local.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text('{"event": "last"}\n')
    assert logs.main(["--no-follow", "--json"], tmp_path) == 0
    said = capsys.readouterr()
    assert said.out == '{"event": "last"}\n'
    assert said.err == "The shop is stopped, so nothing more is written. make up starts it.\n"
    waits = logs.waits(Places(tmp_path), lambda _: None)
    waits(0.2)
    waits(0.2)
    assert capsys.readouterr().err == said.err, "it is said once"
