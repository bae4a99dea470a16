"""An engine that only answers: a program named pulumi that tells what it was asked."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cli.stack import Stack

_PROGRAM = f"""#!{sys.executable} -IS
import json, os, sys
folder = {{folder!r}}
with open(folder + "/asked", "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
for start, code, text in json.load(open(folder + "/answers")):
    if " ".join(sys.argv[1:]).startswith(start):
        print(text)
        sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class SaidEngine:
    """It stands in `folder`, and answers as it was told to; all else succeeds without a word."""

    folder: Path

    def answer(self, start: str, answer: Any = "", code: int = 0) -> None:
        """Have it print `answer` (JSON, unless it is a text) for what begins with `start`."""
        text = answer if isinstance(answer, str) else json.dumps(answer, indent=2)
        answers = json.loads((self.folder / "answers").read_text())
        # the last one told is the first that counts
        (self.folder / "answers").write_text(json.dumps([[start, code, text], *answers]))

    def asked(self) -> list[str]:
        """What it was asked, in order."""
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def stack(self, root: Path, name: str) -> Stack:
        """A stack that this engine runs."""
        path = f"{self.folder}:{os.environ['PATH']}"
        return Stack(root, name, {"PATH": path, "PULUMI_BACKEND_URL": "file:///a/state"})


def said_engine(folder: Path) -> SaidEngine:
    """One in a new folder."""
    folder.mkdir()
    (folder / "answers").write_text("[]")
    program = folder / "pulumi"
    program.write_text(_PROGRAM.format(folder=str(folder)))
    program.chmod(0o755)
    return SaidEngine(folder)
