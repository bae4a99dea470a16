"""A made-up uv and interpreters for the tests of packages: they install what they are told to."""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from infra.cli.commands import Command, Finished, Progress
from infra.packages.tools import Tools

ELF_ARM = b"\x7fELF\2\1\1" + bytes(9) + b"\3\0" + struct.pack("<H", 183) + bytes(40)
LIBRARY: Mapping[str, bytes] = {
    "jwt/__init__.py": b"VALUE = 1\n",
    "jwt/_core.cpython-313-aarch64-linux-gnu.so": ELF_ARM,
    "jwt/__init__.pyi": b"VALUE: int\n",
    "pyjwt-2.dist-info/METADATA": b"Name: pyjwt\n",
    "pyjwt-2.dist-info/RECORD": b"",
    "bin/tool": b"#!/nowhere\n",
    ".lock": b"",
}
LOCK = """\
msgspec==0.22 \\
    --hash=sha256:aa
pyjwt==2.15.1 \\
    --hash=sha256:bb
"""
PYPROJECT = """\
[project]
dependencies = ["pyjwt>=2", "msgspec"]
[project.optional-dependencies]
aws = ["pulumi-aws==7"]
"""


@dataclass
class Machine:
    """Answers commands: `offline` and `online` say how uv ends without and with the network.

    `pythons` maps a program to what it says of itself.
    """

    installs: Mapping[str, bytes] = field(default_factory=lambda: dict(LIBRARY))
    offline: Finished = field(default_factory=lambda: Finished(0, ""))
    online: Finished = field(default_factory=lambda: Finished(0, ""))
    pythons: Mapping[str, str] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    @property
    def installed(self) -> list[list[str]]:
        """The commands by which uv was asked to install."""
        return [words for words in self.calls if "install" in words]

    def __call__(
        self,
        command: Command,
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        limit_s: float = 600,
        on_line: Callable[[str], None] = str,  # type: ignore[assignment]
        on_tick: Callable[[], str] = str,
        hold: Sequence[int] = (),
    ) -> Finished:
        assert limit_s > 0
        assert not hold
        assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(env)
        words = [str(word) for word in command]
        on_line(words[0])
        self.calls.append(words)
        on_tick()
        if "install" not in words:
            said = self.pythons.get(words[0])
            return Finished(127, "not found") if said is None else Finished(0, said)
        assert cwd is not None
        files = [name for flag, name in pairwise(words) if flag in {"-r", "-c"}]
        self.given = [(cwd / name).read_text() for name in files]
        ended = self.offline if "--offline" in words else self.online
        if ended.ok:
            for path, content in self.installs.items():
                file = cwd / words[words.index("--target") + 1] / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        return ended

    def tools(self, **env: str) -> Tools:
        """This machine as builders see it."""
        quiet = Progress("test", str, clock=lambda: 0.0)
        return Tools({"PATH": "/nowhere", **env}, Path("/uv"), Path("/python"), self, quiet)


def project(root: Path, handlers: Mapping[str, str]) -> Path:
    """A checkout whose functions are these handler modules."""
    files = {
        "pyproject.toml": PYPROJECT,
        "tools/constraints.txt": LOCK,
        "app/__init__.py": "",
        "app/handlers/__init__.py": "",
        **{f"app/handlers/{name}.py": text for name, text in handlers.items()},
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root
