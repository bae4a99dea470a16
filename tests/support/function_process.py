"""A function's real package, called as a cloud's runtime calls it, in a process of its own.

The process has the variables that the stack gave the function and those that the runtime adds. It
can import from the package, from Python's own library and from what the runtime brings along, and
nowhere else. How a runtime calls is its prelude's to say.
"""

import json
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LIMIT_S = 60.0
_PATHS = """
import json, sys
package, runtime, handler = sys.argv[1:]
sys.path[:] = [package, *sys.path, runtime]
out, sys.stdout = sys.stdout, sys.stderr
calls = []
"""
_LOOP = """
module, _, name = handler.rpartition(".")
from importlib import import_module
function = getattr(import_module(module), name)
for line in sys.stdin:
    try:
        told = {"result": called(function, json.loads(line))}
    except Exception as error:
        told = {"error": repr(error)}
    files = [f for f in (getattr(m, "__file__", None) for m in list(sys.modules.values())) if f]
    out.write(json.dumps({**told, "calls": calls, "files": files}, default=repr) + "\\n")
    out.flush()
    calls.clear()
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function gave for HTTP: the status, and the body as JSON has it, or as text."""

    status: int
    body: Any

    def expect(self, status: int) -> Any:
        """The body; fails with it when the status is another one."""
        assert self.status == status, f"{self.status} instead of {status}: {self.body}"
        return self.body


@dataclass(slots=True)
class FunctionProcess:
    """One function that runs; `calls` are all that the prelude noted, `files` all it imported."""

    process: subprocess.Popen[str]
    calls: list[dict[str, Any]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def invoke(self, event: object) -> Any:
        """What it returns for an event; fails when it raises, ends or takes too long."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        patience = threading.Timer(_LIMIT_S, self.process.kill)
        patience.start()
        try:
            self.process.stdin.write(json.dumps(event) + "\n")
            self.process.stdin.flush()
            told = json.loads(self.process.stdout.readline() or '{"error": "it ended"}')
        finally:
            patience.cancel()
        self.calls += told.get("calls", ())
        self.files |= set(told.get("files", ()))
        assert "error" not in told, told["error"]
        return told["result"]

    def ask(self, event: Mapping[str, Any]) -> Answer:
        """What it answers to a request's event."""
        result = self.invoke(event)
        text = result.get("body") or "null"
        return Answer(result["statusCode"], json.loads(text) if text[:1] in '{["n' else text)


@contextmanager
def running(
    prelude: str,
    package: Path,
    handler: str,
    variables: Mapping[str, str],
    runtime: Path,
    log: Path,
) -> Iterator[FunctionProcess]:
    """The function in a process that has these variables and no other; its log goes to a file.

    The prelude defines `called(function, event)`, and may put what it notes into `calls`.
    `runtime` is a folder with what the runtime brings along.
    """
    program = _PATHS + prelude + _LOOP
    with log.open("a") as errors:
        process = subprocess.Popen(
            # isolated and without site: no other packages; -B, since a package stays as it is
            [sys.executable, "-I", "-S", "-B", "-c", program, package, runtime, handler],
            env=dict(variables),
            cwd=package,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield FunctionProcess(process)
        finally:
            process.kill()
            process.communicate(timeout=_LIMIT_S)


def foreign(files: set[str], package: Path, runtime: Path) -> set[str]:
    """What was imported from elsewhere than the package, the runtime's own and Python's own."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    homes = [str(package), str(runtime), *own]
    resolved = {str(Path(each).resolve()) for each in homes}
    known = tuple(f"{each}/" for each in (*homes, *resolved))
    return {each for each in files if not each.startswith(known)}
