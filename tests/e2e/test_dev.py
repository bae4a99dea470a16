"""`make dev` puts an edit live, past the engine, and the next `up` agrees."""

import signal
import sys
import tempfile
import time
from functools import partial

from tests.support import project_processes as processes
from tests.support.project import Project


def test_a_saved_handler_is_live_at_once_and_a_broken_one_never(running: Project) -> None:
    with tempfile.TemporaryFile("w+") as said:
        watching = running.start("dev", out=said.fileno())

        def output() -> str:
            said.seek(0)
            return said.read()

        def answers(word: str) -> bool:
            return bool(running.get().json()["status"] == word)

        try:
            processes.wait_for(lambda: "watching" in output(), 20, "dev is watching")
            took = []
            word = "ok"
            for number in range(3):
                new = f"edit-{number}"
                running.edit("app/handlers/health.py", f'"{word}"', f'"{new}"')
                began = time.monotonic()
                processes.wait_for(partial(answers, new), 10, "the edit is live")
                took.append((time.monotonic() - began) * 1000)
                word = new
            running.edit("app/handlers/health.py", "\nROUTES = ", "\n1 / 0\nROUTES = ")
            processes.wait_for(lambda: "not live" in output(), 10, "the broken edit is refused")
            assert "division by zero" in output()
            assert answers(word)
            running.edit("app/handlers/health.py", "\n1 / 0\nROUTES = ", "\nROUTES = ")
        finally:
            watching.signal(signal.SIGINT)
            code = watching.process.wait(20)
        assert code == 130, output()
        assert "Traceback" not in output()
        assert output().count("  live in ") == 3
    sys.stdout.write(f"\nlive after {', '.join(f'{each:.0f}' for each in took)} ms\n")
    drifted = running.preview().ok()
    assert [step.resource for step in drifted.drift] == ["Function health"]
    assert drifted.steps == ()
    assert running.up().ok().steps == ()
    assert answers(word)
    again = running.up().ok()
    assert (again.steps, again.drift) == ((), ())


def test_dev_before_the_first_up_says_what_to_do(project: Project) -> None:
    ran = project.run("dev")
    assert ran.code == 1
    assert ran.output == "the local cloud is not running; `make up` brings it back\n"
