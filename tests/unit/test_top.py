"""`make top` shows each function of the local stack, within whatever room there is."""

import io
import json
import os
import pty
import signal
import socketserver
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from select import select
from threading import Thread
from typing import Any

import pytest

from infra.cli import top
from infra.cli.top_page import Shown, page
from infra.cli.top_table import ORDERS, Look, all_of, cut, number, rows, table
from infra.errors import PlatformError
from infra.local.client import NotRunningError
from infra.local.places import Places
from tests.support.program import ROOT

NOW = 1_800_000_000.0
_LIMIT_S = 30.0
QUIET: dict[str, Any] = {
    "starting": 0, "busy": 0, "idle": 0, "waiting": 0, "in_flight": 0, "minimum": 0,
    "maximum": 10, "requests": 0, "refused": 0, "failed": 0, "starts": 0, "stops": 0,
    "recycled": 0, "p50_ms": None, "p99_ms": None, "wait_p99_ms": None, "memory_mb": None,
    "reason": "", "reason_at": None,
}  # fmt: skip
AUTH = {
    "starting": 1, "busy": 12, "idle": 3, "waiting": 4, "in_flight": 12, "minimum": 2,
    "maximum": 100, "requests": 500, "refused": 7, "failed": 1, "starts": 20, "stops": 5,
    "recycled": 2, "p50_ms": 61.25, "p99_ms": 240.0, "wait_p99_ms": 5.04, "memory_mb": 402.6,
    "reason": "load 11.2 asks for 16", "reason_at": NOW - 3,
}  # fmt: skip
TABLE = """\
function  busy/idle/new  min-max  in flight  waiting  req/s  p50 ms  p99 ms  wait p99 ms\
  refused  failed  starts  stops  recycled   MB  last decision
auth             12/3/1    2-100         12        4     80      61     240          5.0\
        7       1      20      5         2  403  3 s ago: load 11.2 asks for 16
health            0/0/0     0-10          0        0      0       -       -            -\
        0       0       0      0         0    -
all              12/3/1    2-110         12        4     80       -       -            -\
        7       1      20      5         2  403"""


def told(up_s: float = 100, **functions: Mapping[str, Any]) -> dict[str, Any]:
    gateway = {"port": 23817, "emulate": "aws"}
    return {"gateway": gateway, "up_s": up_s, "instances": functions}


def look(at_s: float = 0, up_s: float = 100, **functions: Mapping[str, Any]) -> Look:
    return Look(at_s, NOW, told(up_s, **functions))


TWO = look(10, 110, health=QUIET, auth=AUTH)


def test_a_table_has_each_function_by_name_with_all_that_is_known_and_their_sum() -> None:
    before = look(5, 105, health=QUIET, auth={**AUTH, "requests": 100})
    assert table(rows(before, TWO)) == TABLE.splitlines()


@pytest.mark.parametrize(
    "before",
    [
        None,
        look(5, 105, health=QUIET),
        look(5, 9000, health=QUIET, auth=QUIET),
        look(5, 105, health=QUIET, auth={**AUTH, "requests": 501}),
        look(10, 110, health=QUIET, auth=AUTH),
    ],
    ids=["no look", "was not there", "another run", "was put anew", "no time between"],
)
def test_requests_a_second_are_told_only_of_one_run_of_one_function(before: Look | None) -> None:
    assert rows(before, TWO)[0].rate is None


def test_no_line_is_wider_than_the_terminal_and_reasons_are_the_first_to_be_cut() -> None:
    found = rows(None, TWO)
    whole = table(found)
    counts = whole[0].index("  last decision")
    for width in range(1, 200):
        lines = table(found, width)
        assert len(lines) == len(whole)
        assert max(map(len, lines)) <= width
        if width >= counts:
            assert [each[:counts] for each in lines] == [each[:counts] for each in whole]
        if width >= len("function  busy/idle/new"):
            assert lines[1].startswith("auth             12/3/1")


def test_the_columns_that_matter_most_stay_the_longest() -> None:
    heads = [table(rows(None, TWO), width)[0].split("  ") for width in (100, 70, 40)]
    assert heads[2] == ["function", "busy/idle/new", "req/s", "p99 ms"]
    assert set(heads[2]) < set(heads[1]) < set(heads[0])
    assert {"waiting", "refused", "failed"} < set(heads[1])


def test_texts_cannot_steer_a_terminal() -> None:
    found = rows(None, look(0, 9, **{"a\x1b[2J": {**QUIET, "reason": "b\nc", "reason_at": NOW}}))
    assert all(each.isprintable() for each in table(found))


def test_numbers_have_a_digit_after_the_point_where_it_tells() -> None:
    assert [number(each) for each in (None, 0, 0.04, 5.04, 10.4, 2900)] == [
        *("-", "0", "0.0", "5.0", "10", "2900"),
    ]
    assert [cut("word", width) for width in (None, 4, 3, 1, 0)] == ["word", "word", "wo…", "…", ""]


def test_a_release_that_tells_less_is_named_with_the_way_out() -> None:
    old = {"starting": 0, "busy": 0, "idle": 1, "waiting": 0}
    with pytest.raises(PlatformError, match=r"another release .*\n→ make up"):
        rows(None, look(health=old))


MANY = look(0, 5, **{f"f{each:02}": {**QUIET, "in_flight": each} for each in range(30)})


@pytest.mark.parametrize("height", [1, 2, 3, 5, 6, 7, 12, 34, 35, 36, 50])
def test_a_page_fits_its_terminal_and_says_how_many_functions_it_leaves_out(height: int) -> None:
    lines = page(Shown(now=MANY, order="in flight"), 60, height)
    assert len(lines) <= height
    assert all(len(each.text) <= 60 for each in lines)
    texts = [each.text for each in lines]
    shown = [each for each in texts if each.startswith("f") and not each.startswith("function")]
    assert [each[:3] for each in shown] == [f"f{29 - each:02}" for each in range(len(shown))]
    if height >= 7:
        left_out = 30 - len(shown)
        assert (f"… and {left_out} more" in texts) == (left_out > 0)
        assert texts[-2].startswith("all ")
    assert height < 2 or texts[-1] == "q ends, s sorts (by in flight)"


def test_functions_are_sorted_by_what_was_chosen_the_highest_first() -> None:
    found = [
        replace(all_of([]), name=name, in_flight=at, rate=9.0 - at, p99_ms=at % 2, memory_mb=-at)
        for at, name in enumerate("abc")
    ]
    orders = {
        order: "".join(each.name for each in sorted(found, key=key))
        for order, key in ORDERS.items()
    }
    assert orders == {"name": "abc", "req/s": "abc", "in flight": "cba", "p99": "bac", "MB": "abc"}


def test_what_is_known_stays_faint_while_the_cloud_is_down_and_rates_begin_anew() -> None:
    def gone() -> Look:
        raise NotRunningError("the local cloud is not running")

    down = top.refreshed(Shown(now=TWO), gone)
    lines = page(down, 80, 20)
    assert lines[1] == ("the local cloud is not running", "wrong")
    assert {each.style for each in lines[3:5]} == {"faint"}
    again = top.refreshed(down, lambda: look(20, 3, health=QUIET, auth=AUTH))
    assert (again.before, again.missing) == (None, "")


# With a process that tells of a made-up cloud, as the supervisor does.


@contextmanager
def telling(root: Path, tell: Callable[[], Mapping[str, Any]]) -> Iterator[Places]:
    """What answers on the control socket of a clone at `root`."""
    places = Places(root)
    places.prepare()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert json.loads(self.rfile.readline()) == {"do": "describe"}
            self.wfile.write(json.dumps({"ok": tell()}).encode() + b"\n")

    with socketserver.UnixStreamServer(str(places.socket), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield places
        finally:
            server.shutdown()
            thread.join()
            places.socket.unlink()


def run(root: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the command."""
    said, wrong = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(wrong):
        code = top.main(words, root)
    return code, said.getvalue(), wrong.getvalue()


def test_once_prints_one_plain_table_with_rates(tmp_path: Path) -> None:
    calls = iter((0, 10**9))
    with telling(tmp_path, lambda: told(5, auth={**AUTH, "requests": next(calls)})):
        code, said, wrong = run(tmp_path, "--once", "--every", "0.1")
    assert (code, wrong) == (0, "")
    head, names, auth, total = said.splitlines()
    assert head == "http://127.0.0.1:23817, as on aws  up 5 s  1 function"
    assert names.split()[0] == "function"
    assert int(auth.split()[5]) > 10**8, "a thousand million calls in little more than 0.1 s"
    assert total.startswith("all ")
    assert said.replace("\n", "").isprintable()


def test_without_a_local_cloud_it_says_how_to_bring_it_up(tmp_path: Path) -> None:
    for words in ((), ("--once",)):
        assert run(tmp_path, *words) == (
            *(1, ""),
            "the local cloud is not running; `make up` brings it back\n",
        )


def test_a_stack_on_a_cloud_is_watched_there() -> None:
    code, said, wrong = run(ROOT, "--stack", "aws-dev")
    assert (code, said) == (1, "")
    assert "→ the dashboard shop-aws-dev-overview in CloudWatch" in wrong


def test_tables_follow_one_another_and_an_absence_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = iter([TWO, None, None, look(9, 1, health=QUIET), "end"])

    def take() -> Look:
        match next(looks):
            case Look() as found:
                return found
            case None:
                raise NotRunningError("it is not running")
            case _:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        top.follow(TWO, take, lambda: None, lambda: None)
    blocks = capsys.readouterr().out.rstrip().split("\n\n")
    firsts = [each.splitlines()[0].partition("  ")[2] for each in blocks]
    assert firsts == ["up 1 min  2 functions", "", "up 1 s  1 function"]
    assert blocks[1] == "it is not running"


@pytest.mark.parametrize("words", ["0", "-1", "nan", "inf", "x"])
def test_a_time_that_cannot_be_waited_for_is_refused(words: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, f"--every={words}")


def read_until(terminal: int, mark: bytes, said: bytes = b"", limit_s: float = _LIMIT_S) -> bytes:
    """What a program says on its terminal until `mark` stands in it; fails where it does not."""
    ends = time.monotonic() + limit_s
    while mark not in said:
        left = ends - time.monotonic()
        heard = left > 0 and select([terminal], [], [], left)[0]
        assert heard, f"no {mark!r} in {said!r}"
        said += os.read(terminal, 4096)
    return said


def test_a_terminal_that_never_says_it_is_not_read_for_ever() -> None:
    read, write = os.pipe()
    os.write(write, b"something else")
    with pytest.raises(AssertionError, match="no b'q ends' in b'something else'"):
        read_until(read, b"q ends", limit_s=0.1)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda ours, _: os.write(ours, b"sq"), 0),
        (lambda _, process: process.send_signal(signal.SIGINT), 0),
        (lambda _, process: process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM),
    ],
    ids=["q", "Ctrl-C", "terminated"],
)
def test_a_terminal_is_given_back_as_it_was_whatever_ends_the_page(
    end: Callable[[int, subprocess.Popen[bytes]], object], code: int, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from infra.cli.top import main; "
        "sys.exit(main(['--every', '0.1'], Path(sys.argv[1])))"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    before = termios.tcgetattr(ours)
    env = {name: text for name, text in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with telling(tmp_path, lambda: told(5, auth=AUTH)):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT,
            env={**env, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)  # so that reading fails, and does not wait, once the process has ended
        try:
            said = read_until(ours, b"q ends")
            assert b"\x1b[?1049h" in said, "a page of its own, under which the old one stays"
            end(ours, process)
            said = read_until(ours, b"\x1b[?1049l", said)
            assert process.wait(_LIMIT_S) == code
        finally:
            process.kill()
            process.wait()
    assert termios.tcgetattr(ours) == before
    assert b"Traceback" not in said
    os.close(ours)
