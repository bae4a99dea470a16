"""An `up` that is interrupted or killed at any moment: the next one converges."""

import random
import signal
import sys
import time
from collections.abc import Callable

import pytest

from infra.local.client import ask
from tests.conftest import Counts
from tests.support import project_processes as processes
from tests.support.project import Project, Running

SEED = 20240229
Strike = Callable[[Project, Running], None]
SLOW_IMPORT = """\
import pathlib
import time

pathlib.Path({marker!r}).touch()
time.sleep({seconds})


def lambda_handler(event, context):
    return {{"statusCode": 200, "body": "slow"}}
"""
WAITING = """\
import pathlib
import time

end = time.monotonic() + 60
while time.monotonic() < end and not pathlib.Path({go!r}).exists():
    time.sleep(0.05)
"""
SLOW = 'name="slow", handler="app.handlers.slow.lambda_handler"'
SLOW_ROUTE = 'method="GET", path="/slow", function="slow"'


def engines(project: Project) -> list[int]:
    """The engines that work on the project's stack."""
    return processes.named(project.root, "pulumi up --refresh")


def locks(project: Project) -> list[str]:
    """What is left of locks."""
    folder = project.places.state / "pulumi" / ".pulumi" / "locks"
    return [each.name for each in folder.rglob("*") if each.is_file()]


def interrupt(_project: Project, running: Running) -> None:
    """Ctrl-C in a terminal: the whole foreground group gets it."""
    running.signal(signal.SIGINT)


def kill_engine(project: Project, _running: Running) -> None:
    """The engine alone dies; nothing of it is there yet when the command has just begun."""
    processes.kill(engines(project))


def kill_all(_project: Project, running: Running) -> None:
    """The command and the engine die at once."""
    running.signal(signal.SIGKILL)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All kinds in turn on one checkout by default, each on a checkout of its own with --soak."""
    if "strikes" in metafunc.fixturenames:
        every: tuple[Strike, ...] = (interrupt, kill_engine, kill_all)
        kinds: dict[str, tuple[Strike, ...]] = {each.__name__: (each,) for each in every}
        if not metafunc.config.getoption("--soak"):
            kinds = {"each": every}
        metafunc.parametrize("strikes", kinds.values(), ids=kinds)


def test_the_next_up_converges(
    project: Project, counts: Counts, strikes: tuple[Strike, ...], request: pytest.FixtureRequest
) -> None:
    """The first strike meets a checkout that was never up, the others one with a change to make."""
    dice = random.Random(f"{SEED} {request.node.name}")
    up_s = 6.0
    memory = 128
    for number in range(counts(small=len(strikes), full=20)):
        strike = strikes[number % len(strikes)]
        project.edit("infra/shop.py", f"memory_mb={memory}", f"memory_mb={memory + 64}")
        memory += 64
        delay = dice.uniform(0, up_s)
        struck = project.start("up")
        time.sleep(delay)
        strike(project, struck)
        ended = struck.finish(60)
        if strike is kill_engine and ended.code:
            assert ended.code == 137
            assert ended.output.endswith(
                "the engine was killed (signal 9); run the same command again\n"
            )
        healed = project.up().ok()
        sys.stdout.write(
            f"\n{number}: {strike.__name__} after {delay:.2f} s, code {ended.code}, gone "
            f"{ended.seconds - delay:.1f} s later; the next up took {healed.seconds:.1f} s"
        )
        assert project.serves()
        assert ask(project.places, "describe")["functions"]["health"]["memory_mb"] == memory
        assert len(project.supervisors()) == 1
        assert locks(project) == []
        project.wait_quiet()
        up_s = healed.seconds
    again = project.up().ok()
    assert (again.steps, again.drift) == ((), ())


def test_killed_in_the_middle_of_a_creation_the_next_up_converges(running: Project) -> None:
    """It clears the lock that the dead engine left."""
    marker = running.root.parent / "importing"
    running.write("app/handlers/slow.py", SLOW_IMPORT.format(marker=str(marker), seconds=3))
    running.add(SLOW, SLOW_ROUTE)
    struck = running.start("up")
    processes.wait_for(marker.exists, 60, "the new function's import")
    time.sleep(1)  # within the three seconds of its import
    struck.signal(signal.SIGKILL)
    struck.finish()
    assert locks(running) != []
    running.up().ok()
    assert locks(running) == []
    assert running.get("/slow").text == "slow"
    assert running.up().ok().steps == ()
    running.wait_quiet()


def test_the_lock_of_a_living_engine_is_respected(running: Project) -> None:
    go = running.root.parent / "go"
    program = (running.root / "infra/__main__.py").read_text()
    running.write("infra/__main__.py", WAITING.format(go=str(go)) + program)
    first = running.start("up")
    processes.wait_for(lambda: locks(running), 30, "the first up holds the lock")
    held = locks(running)
    second = running.up()
    assert second.code != 0
    assert "the stack is currently locked by 1 lock(s)" in second.output
    assert f"(pid {engines(running)[0]})" in second.output
    refused = running.down()
    assert refused.code != 0
    assert "Nothing runs any more" not in refused.output
    assert locks(running) == held
    go.touch()
    first.finish().ok()
    assert running.serves()
    assert locks(running) == []


def test_down_after_a_killed_up_leaves_no_process(running: Project) -> None:
    running.edit("infra/shop.py", "memory_mb=128", "memory_mb=512")
    struck = running.start("up")
    processes.wait_for(lambda: locks(running), 30, "the up is under way")
    struck.signal(signal.SIGKILL)
    struck.finish()
    running.down().ok()
    processes.wait_for(lambda: not running.processes(), 5, f"no {running.processes()}")
