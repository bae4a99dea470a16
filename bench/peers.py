"""The peers' own virtual environment, in the user's cache: never in the project's."""

from pathlib import Path

from infra.cli.commands import Progress
from infra.cli.machine import Machine
from infra.cli.tool_venv import tool_venv


def environment(machine: Machine, progress: Progress) -> Path:
    """The interpreter that has what bench/peers.txt pins. Raises PlatformError."""
    return tool_venv(machine, progress, "bench-peers", machine.root / "bench" / "peers.txt")
