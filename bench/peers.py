"""The peers' own virtual environment, in the user's cache: never in the project's."""

import hashlib
import sys
from pathlib import Path

from infra.cli.commands import Command, Progress, explain
from infra.cli.machine import Machine
from infra.errors import PlatformError


def environment(machine: Machine, progress: Progress) -> Path:
    """The interpreter that has what bench/peers.txt pins. Raises PlatformError."""
    pins = machine.root / "bench" / "peers.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    key = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = machine.cache / f"bench-peers-{version}-{key}"
    python = folder / "bin" / "python"
    if (folder / ".ready").exists():
        return python
    uv = machine.root / ".venv" / "bin" / "uv"
    progress.say("the peers' packages, once for this machine")
    steps: list[Command] = [
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder],
        [
            *(uv, "pip", "install", "--quiet", "--python", python),
            *("--require-hashes", "--only-binary", ":all:", "-r", pins),
        ],
    ]
    env = {**machine.env, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    if "PIP_INDEX_URL" in env:  # a mirror that was set for pip serves uv too
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    for step in steps:
        ended = machine.run(step, env=env, limit_s=600)
        if not ended.ok:
            why = ended.stopped or explain(ended.output)
            raise PlatformError(f"bench: the peers cannot be installed: {why}")
    (folder / ".ready").touch()
    return python
