"""A tool's own virtual environment, in the user's cache: its packages never meet the project's."""

import fcntl
import hashlib
import sys
from pathlib import Path

from infra.cli.commands import Command, Progress, explain
from infra.cli.machine import Machine, for_installers
from infra.errors import PlatformError


def tool_venv(machine: Machine, progress: Progress, name: str, pins: Path) -> Path:
    """The interpreter of the environment `name`, with exactly what the file `pins` pins.

    It is made once for each Python and each content of the file; who comes meanwhile waits.
    Raises PlatformError.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = machine.cache / f"{name}-{version}-{key}"
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    if ready.exists():
        return python
    try:
        machine.cache.mkdir(parents=True, exist_ok=True)
        with (machine.cache / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                progress.say(f"the packages of {name}, once for this machine")
                _make(machine, folder, pins, lock.fileno())
                ready.touch()
    except OSError as error:
        raise PlatformError(
            f"{name}: {error.filename or machine.cache} cannot be written: {error.strerror}; "
            "make the folder yours, or set XDG_CACHE_HOME to one that is"
        ) from error
    return python


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
