"""Starting and ending the supervisor of a clone; both can be repeated."""

import fcntl
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from infra.errors import PlatformError
from infra.local.client import NotRunningError, ask
from infra.local.places import Places

_START_S = 15.0
_END_S = 40.0  # for a call's longest time-out behind a route, and what ending takes
_DEAF_S = 2.0
_POLL_S = 0.02
_SHARED = ("capacity.py", "checks/cron.py", "errors.py", "limits.py", "naming.py")


@cache
def release() -> str:
    """Twelve hex digits that change when the supervisor's code, packages or interpreter do."""
    here = Path(__file__).parent
    packages = here.parents[1] / "tools" / "constraints.txt"
    digest = sha256(f"{sys.version} {platform.machine()}".encode())
    own = [here / "places.py", *(here.parent / each for each in _SHARED)]
    for file in [*own, *sorted((here / "runtime").rglob("*.py")), packages]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def ensure_running(places: Places) -> None:
    """Have a supervisor of this release run. Raises PlatformError when it cannot be started."""
    places.prepare()
    try:
        with _one_at_a_time(places):
            if _running(places) != release():
                _end(places)
                _start(places)
    except OSError as error:
        raise PlatformError(
            f"{error.filename or places.state}: {error.strerror}, so the local cloud cannot start\n"
            "→ make doctor looks for the cause"
        ) from error


def _running(places: Places) -> str | None:
    """The release of the supervisor that answers, or None."""
    try:
        return str(ask(places, "describe")["release"])
    except NotRunningError:
        return None


def _start(places: Places) -> None:
    with places.errors.open("wb") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "infra.local.runtime.supervisor"),
                *("--root", str(places.root), "--release", release()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            cwd="/",
            env=_environment(),
            start_new_session=True,  # the engine kills its plugins' process groups
        )
    answers = False
    try:
        answers = _answers(process, places)
    finally:
        if not answers:  # whoever interrupts us must not leave one behind that nobody knows yet
            process.kill()
            process.wait()
    if not answers:
        raise PlatformError(
            f"the local cloud did not start:\n{_tail(places.errors)}\n"
            "→ make doctor looks for the cause"
        )


def _answers(process: subprocess.Popen[bytes], places: Places) -> bool:
    """Whether the supervisor does, within its time."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        try:
            ask(places, "describe")
        except NotRunningError:
            if process.poll() is not None:
                return False
            time.sleep(_POLL_S)
        else:
            return True
    return False


def end(places: Places) -> None:
    """Have no supervisor run: ask it to finish, and kill it when it does not."""
    if places.state.is_dir():
        with _one_at_a_time(places):
            _end(places)


def _end(places: Places) -> None:
    limit_s = _END_S
    try:
        ask(places, "shut_down")
    except NotRunningError:
        limit_s = _DEAF_S  # one that cannot be asked has no work that it could finish
    deadline = time.monotonic() + limit_s
    while (pid := holder(places)) is not None:
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(_POLL_S)
    places.socket.unlink(missing_ok=True)


@contextmanager
def _one_at_a_time(places: Places) -> Iterator[None]:
    """Hold off others who start or end this clone's supervisor: they would end each other's."""
    turn = os.open(places.turn, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)


def holder(places: Places) -> int | None:
    """The process id of this clone's supervisor, or None when none lives: the lock tells."""
    try:
        descriptor = os.open(places.lock, os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.read(descriptor, 20)
        return int(written) if written else None
    else:
        return None
    finally:
        os.close(descriptor)


def _environment() -> dict[str, str]:
    """The supervisor's variables: of the user's own only what a program needs to run at all."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return found | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}


def _tail(file: Path, size: int = 2000) -> str:
    return file.read_text(errors="replace")[-size:].strip() or "  (it printed nothing)"
