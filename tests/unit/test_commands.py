"""Running other programs for the set-up: real processes, none of which may be left behind."""

import os
import sys
import time
from pathlib import Path

import pytest

from infra.cli.commands import Progress, explain, run
from tests.support.pids import wait_for_end

PYTHON = sys.executable
ENV = {"PATH": os.defpath}


def test_output_comes_line_by_line_and_whole_with_the_exit_code() -> None:
    lines: list[str] = []
    program = "import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)"
    ended = run([PYTHON, "-u", "-c", program], env=ENV, on_line=lines.append)
    assert (ended.code, ended.output, lines) == (3, "a\nb", ["a", "b"])
    assert not ended.ok


def test_only_the_last_lines_of_a_long_output_are_kept() -> None:
    ended = run([PYTHON, "-c", "for i in range(5000): print(i)"], env=ENV)
    assert ended.output.splitlines()[-1] == "4999"
    assert len(ended.output.splitlines()) == 400


def test_a_program_that_is_not_there_is_an_answer_not_an_exception() -> None:
    ended = run(["/nowhere/pulumi", "version"], env=ENV)
    assert (ended.code, ended.output) == (127, "/nowhere/pulumi: No such file or directory")


@pytest.mark.long
def test_a_command_over_its_time_is_ended_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(file)!r}, 'w').write(str(p.pid)); time.sleep(600)"
    )
    ended = run([PYTHON, "-c", program], env=ENV, limit_s=2)
    assert ended.stopped == "not done after 2 s"
    assert not ended.ok
    wait_for_end([int(file.read_text())])


def test_a_reason_given_while_it_runs_stops_it() -> None:
    start = time.monotonic()
    ended = run([PYTHON, "-c", "import time; time.sleep(600)"], env=ENV, on_tick=lambda: "enough")
    assert ended.stopped == "enough"
    assert time.monotonic() - start < 30


def test_an_exception_in_the_caller_leaves_no_process() -> None:
    pids: list[str] = []

    def fail(line: str) -> None:
        pids.append(line)
        raise KeyboardInterrupt

    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(KeyboardInterrupt):
        run([PYTHON, "-c", program], env=ENV, on_line=fail)
    wait_for_end([int(pids[0])])


def test_a_grandchild_that_keeps_the_pipe_open_is_not_waited_for() -> None:
    program = (
        "import subprocess, sys;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print('done')"
    )
    ended = run([PYTHON, "-c", program], env=ENV, limit_s=60)
    assert (ended.code, ended.output, ended.stopped) == (0, "done", "")


def test_progress_tells_the_elapsed_time_and_speaks_at_most_every_ten_seconds() -> None:
    now = [100.0]
    lines: list[str] = []
    progress = Progress("engine", lines.append, clock=lambda: now[0])
    progress.say("starting")
    for second in range(1, 25):
        now[0] = 100.0 + second
        progress.maybe(f"{second} done")
    assert lines == [
        "engine    0.0 s  starting\n",
        "engine   10.0 s  10 done\n",
        "engine   20.0 s  20 done\n",
    ]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("error: dns error: no record", "the network did not answer"),
        ("write /x: no space left on device", "the disk is full"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "a download is not the pinned one"),
        ("a\nmkdir /x: permission denied\nb", "a folder cannot be written: mkdir /x: permission"),
        ("reading module: 403 Forbidden", "the download was refused (403)"),
        ("ERROR: No matching distribution found for uv", "the package index did not give it"),
        ("note\nerror: it broke\nbye", "error: it broke"),
        ("", "it said nothing"),
    ],
)
def test_a_failed_command_is_explained_in_one_line(output: str, reason: str) -> None:
    assert explain(output).startswith(reason)
    assert "\n" not in explain(output)
