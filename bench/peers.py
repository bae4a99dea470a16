"""What the peers are made of, in the user's cache: never in the project's own environment."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.cli.commands import Progress, explain
from infra.cli.machine import Machine
from infra.cli.tool_cache import made_once
from infra.cli.tool_venv import tool_venv
from infra.errors import PlatformError

NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


@dataclass(frozen=True, slots=True)
class Node:
    """Node.js itself, and the folder of the packages that bench/offline pins."""

    program: Path
    modules: Path


def environment(machine: Machine, progress: Progress) -> Path:
    """The interpreter that has what bench/peers.txt pins. Raises PlatformError."""
    return tool_venv(machine, progress, "bench-peers", machine.root / "bench" / "peers.txt")


def node(machine: Machine, progress: Progress) -> Node:
    """Node.js with what bench/offline/package-lock.json pins, by `npm ci`. Raises PlatformError."""
    path = machine.env.get("PATH", os.defpath)
    program, npm = (shutil.which(each, path=path) for each in ("node", "npm"))
    if program is None or npm is None:
        missing = "node" if program is None else "npm"
        raise PlatformError(
            f"there is no {missing} on PATH, which serverless-offline needs: install Node.js"
        )
    pins = machine.root / "bench" / "offline"
    digest = hashlib.sha256()
    for name in NPM_FILES:
        digest.update((pins / name).read_bytes())
    name = f"bench-offline-{machine.system}-{machine.arch}-{digest.hexdigest()[:12]}"

    def install(folder: Path, lock: int) -> None:
        folder.mkdir(exist_ok=True)
        for each in NPM_FILES:
            shutil.copy(pins / each, folder)
        ended = machine.run(
            [npm, "ci", "--loglevel=error"],
            env=machine.env,
            cwd=folder,
            limit_s=600,
            hold=[lock],
        )
        if not ended.ok:
            why = ended.stopped or explain(ended.output)
            raise PlatformError(f"{name}: its packages cannot be installed: {why}")

    folder = made_once(machine, progress, "bench-offline", name, install)
    return Node(Path(program), folder / "node_modules")
