"""A function's real package, called as Lambda's runtime calls it, in a process of its own.

The process has the variables that the stack gave the function and those that the runtime adds. It
can import from the package, from Python's own library and from the runtime's boto3, and nowhere
else. What it asks of boto3 is told with each answer.
"""

import importlib
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

from infra.packages.runtime import LAMBDA
from tests.support.aws_calls import Call

_LIMIT_S = 60.0
_PROGRAM = """
import json, sys
package, runtime, handler = sys.argv[1:]
sys.path[:] = [package, *sys.path, runtime]
out, sys.stdout = sys.stdout, sys.stderr
import boto3
boto3.setup_default_session()
calls = []

def asked(params, model, context, **_):
    context["told"] = call = {
        "service": model.service_model.service_name, "operation": model.name, "status": 0,
        "params": {k: v for k, v in params.items() if k in KNOWN},
    }
    calls.append(call)

def answered(http_response, model, context, **_):
    context["told"]["status"] = http_response.status_code

KNOWN = {"TableName", "IndexName", "Bucket", "Key", "CopySource", "QueueUrl", "SecretId"}
events = boto3.DEFAULT_SESSION.events
events.register("before-parameter-build", asked)
events.register("after-call", answered)

class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8de0fbee0"
    def get_remaining_time_in_millis(self):
        return 10_000

module, _, name = handler.rpartition(".")
from importlib import import_module
function = getattr(import_module(module), name)
for line in sys.stdin:
    try:
        told = {"result": function(json.loads(line), Context())}
    except Exception as error:
        told = {"error": repr(error)}
    files = [f for f in (getattr(m, "__file__", None) for m in list(sys.modules.values())) if f]
    out.write(json.dumps({**told, "calls": calls, "files": files}, default=repr) + "\\n")
    out.flush()
    calls.clear()
"""


@dataclass(slots=True)
class FunctionProcess:
    """One function that runs; `calls` are all that it asked of boto3, `files` all it imported."""

    process: subprocess.Popen[str]
    calls: list[Call] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def invoke(self, event: Mapping[str, Any]) -> Any:
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
        self.calls += [Call(**each) for each in told.get("calls", ())]
        self.files |= set(told.get("files", ()))
        assert "error" not in told, told["error"]
        return told["result"]


def shipped(folder: Path) -> Path:
    """A folder with what Lambda's runtime brings along, and nothing else, from this environment."""
    folder.mkdir()
    for name in sorted(LAMBDA.ships):
        found = Path(str(importlib.import_module(name).__file__))
        source = found.parent if found.name == "__init__.py" else found
        (folder / source.name).symlink_to(source)
    return folder


@contextmanager
def running(
    package: Path, handler: str, variables: Mapping[str, str], runtime: Path, log: Path
) -> Iterator[FunctionProcess]:
    """The function in a process that has these variables and no other; its log goes to a file."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            # isolated and without site: no other packages; -B, since a package stays as it is
            [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM, package, runtime, handler],
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
    """What was imported from elsewhere than the package, the runtime's boto3 and Python's own."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    homes = [str(package), str(runtime), *own]
    resolved = {str(Path(each).resolve()) for each in homes}
    known = tuple(f"{each}/" for each in (*homes, *resolved))
    return {each for each in files if not each.startswith(known)}
