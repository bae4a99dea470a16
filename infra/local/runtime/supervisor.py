"""The process that is the local cloud: it holds the gateway, the functions and the control socket.

Started by the first `pulumi up` in a session of its own, it outlives that command and ends when
told to. There is one for each clone: it holds a lock as long as it lives, so that a dead one leaves
nothing to clean up. It keeps no record of what it runs: Pulumi's state is that record.
"""

import argparse
import asyncio
import fcntl
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from infra.local.places import Places
from infra.local.runtime import control
from infra.local.runtime.cloud import Cloud
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook

ALREADY_RUNS = 3
_PATIENCE_S = 0.5
_LOOK_S = 1.0
_GC_OBJECTS = 50_000  # a request makes no cycles; the default looks for some every few requests


class _IntoLogbook(logging.Handler):
    """Libraries' warnings and errors, as lines of the log."""

    def __init__(self, logbook: Logbook) -> None:
        super().__init__(logging.WARNING)
        self._logbook = logbook

    def emit(self, record: logging.LogRecord) -> None:
        """One line a record."""
        self._logbook.write("supervisor " + record.levelname.lower(), text=self.format(record))


def hold(lock: Path) -> int | None:
    """The lock's descriptor, or None when another supervisor of this clone holds it.

    Tries for half a second, since whoever asks for the holder takes the lock for a moment.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        else:
            break
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


async def until_lost(lock: Path, descriptor: int) -> None:
    """Return when the lock that `descriptor` holds stands no longer at its path."""
    held = os.fstat(descriptor)
    while True:
        try:
            found = await asyncio.to_thread(lock.stat)
        except FileNotFoundError:
            return
        if (found.st_dev, found.st_ino) != (held.st_dev, held.st_ino):
            return
        await asyncio.sleep(_LOOK_S)


async def supervise(
    places: Places, launcher: Launcher, logbook: Logbook, release: str, held: int
) -> None:
    """Run until told to stop, by the control socket or a signal, or until the clone is gone.

    `held` is the descriptor of the clone's lock. A clone that was removed or renamed has nobody
    left who could stop this process.
    """
    loop = asyncio.get_running_loop()
    logbook.attach(loop)
    launcher.watch()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cloud = Cloud(launcher, logbook)
    identity = {"pid": os.getpid(), "release": release}
    server = await control.listen(places.socket, control.operations(cloud, identity, stop.set))
    keeping = loop.create_task(cloud.run())
    logbook.write("supervisor started", pid=os.getpid(), release=release)
    losing = loop.create_task(until_lost(places.lock, held))
    losing.add_done_callback(lambda _: stop.set())
    await stop.wait()
    losing.cancel()
    await cloud.close()
    keeping.cancel()
    await launcher.close()
    server.close()
    places.socket.unlink(missing_ok=True)
    logbook.write("supervisor stopped", pid=os.getpid())
    logbook.close()


def main(arguments: Sequence[str]) -> int:
    """Run the supervisor of the clone at `--root`; exit status 3 when one runs already."""
    parser = argparse.ArgumentParser(description="The local cloud of one clone.")
    parser.add_argument("--root", type=Path, required=True, help="the clone's folder")
    parser.add_argument("--release", required=True, help="what tells this runtime from others")
    told = parser.parse_args(arguments)
    places = Places(told.root)
    places.prepare()
    held = hold(places.lock)
    if held is None:
        return ALREADY_RUNS
    logbook = Logbook(places.log, max_mb=16)
    logging.basicConfig(
        handlers=[_IntoLogbook(logbook)], level=logging.WARNING, format="%(message)s"
    )
    launcher = Launcher(logbook)
    launcher.open()  # before anything is open that it could inherit
    gc.collect()
    gc.freeze()  # what was imported stays: no collection needs to look at it again
    gc.set_threshold(_GC_OBJECTS)
    uvloop.run(supervise(places, launcher, logbook, told.release, held))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
