"""A tool's own virtual environment, in the user's cache: its packages never meet the project's."""

import hashlib
import sys
from pathlib import Path

from infra.cli.commands import Command, Progress, explain
from infra.cli.machine import Machine, for_installers
from infra.cli.tool_cache import made_once
from infra.errors import PlatformError


def tool_venv(machine: Machine, progress: Progress, name: str, pins: Path) -> Path:
    """The interpreter of the environment `name`, with exactly what the file `pins` pins.

    It is made once for each Python and each content of the file; who comes meanwhile waits.
    Raises PlatformError.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = made_once(
        machine,
        progress,
        name,
        f"{name}-{version}-{key}",
        lambda folder, lock: _make(machine, folder, pins, lock),
    )
    return folder / "bin" / "python"


def _make(machine: Machine, folder: Path, pins: Path, lock: int) -> None:
    uv = machine.root / ".venv" / "bin" / "uv"
    steps: list[Command] = [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
        [
            *(uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python"),
            *("--compile-bytecode", "--require-hashes", "--only-binary", ":all:", "-r", pins),
        ],
    ]
    for step in steps:
        ended = machine.run(step, env=for_installers(machine.env), limit_s=600, hold=[lock])
        if not ended.ok:
            why = ended.stopped or explain(ended.output)
            raise PlatformError(f"{folder.name}: its packages cannot be installed: {why}")
