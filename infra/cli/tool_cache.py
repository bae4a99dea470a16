"""A tool's own folder in the user's cache: made once a machine, whole or not at all."""

import fcntl
from collections.abc import Callable
from pathlib import Path

from infra.cli.commands import Progress
from infra.cli.machine import Machine
from infra.errors import PlatformError


def made_once(
    machine: Machine, progress: Progress, name: str, folder: str, make: Callable[[Path, int], None]
) -> Path:
    """The folder of that name in the cache, as `make` made it; who comes meanwhile waits.

    `make` gets the folder, which may hold what an attempt before left, and the descriptor of a
    lock that its commands hold. `name` is what the tool is called. Raises PlatformError.
    """
    made = machine.cache / folder
    ready = made / ".ready"
    if ready.exists():
        return made
    try:
        machine.cache.mkdir(parents=True, exist_ok=True)
        with (machine.cache / f"{folder}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ready.exists():
                progress.say(f"the packages of {name}, once for this machine")
                make(made, lock.fileno())
                ready.touch()
    except OSError as error:
        raise PlatformError(
            f"{name}: {error.filename or machine.cache} cannot be written: {error.strerror}; "
            "make the folder yours, or set XDG_CACHE_HOME to one that is"
        ) from error
    return made
