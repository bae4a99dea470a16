"""The process that serves signed addresses, and whatever public buckets hold.

`python -P -m app.adapters.local.files <socket> <life>`: `socket` is the descriptor of a
listening socket, `life` that of a pipe whose other end the starter holds open as long as it lives.
SHOP_BUCKETS states every bucket. It prints JSON lines: one when it serves, then one for each
request. SIGTERM ends it when the requests under way are answered.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from app.adapters.common.clock import SystemClock
from app.adapters.local.blob_folder import BlobFolder
from app.adapters.local.files_app import FilesApp, Served
from app.adapters.local.secrets import read_or_make
from app.adapters.local.threads import Threads
from app.ports.errors import PortError

_HEAD_S = 20.0
_HEAD_BYTES = 64 * 1024
_CONNECTIONS = 1024
_LAST_HEAD_S = 1.0
_DRAIN_S = 30
_TIDY_S = 6 * 3600


class _Protocol(H11Protocol):
    """uvicorn's, but a head must be there in time; who connected before the end is heard."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The one request of this connection is awaited."""
        super().connection_made(transport)
        self.app_state = {"abort": transport.abort}
        self._late = self.loop.call_later(_HEAD_S, transport.abort)

    def handle_events(self) -> None:
        """Perhaps the head is here now."""
        super().handle_events()
        if self._heard() is not None:
            self._late.cancel()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has said all may still wait for its answer."""
        cycle = self._heard()
        return cycle is not None and not (cycle.response_complete or cycle.more_body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is timed any more."""
        self._late.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End, once what was perhaps sent already has come and is answered."""
        if self._heard() is None:
            self._late.cancel()
            self._late = self.loop.call_later(_LAST_HEAD_S, self.transport.abort)
        else:
            super().shutdown()

    def _heard(self) -> RequestResponseCycle | None:
        return self.cycle  # None until there is one, whatever its type says


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers, which would raise SIGTERM again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def served(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, Served]:
    """The buckets that the environment states."""
    return {
        name: Served(
            BlobFolder(Path(each["at"]), each["durability"]),
            partial(read_or_make, Path(each["key"])),
            public=bool(each.get("public")),
        )
        for name, each in stated.items()
    }


async def serve(buckets: Mapping[str, Served], listening: socket.socket, life: int) -> None:
    """Serve until SIGTERM, or until the other end of `life` is closed."""
    loop = asyncio.get_running_loop()
    threads = Threads()
    app = FilesApp(buckets, SystemClock(), _print, threads)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        timeout_graceful_shutdown=_DRAIN_S,
    )
    server = _Uvicorn(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    loop.add_reader(life, os._exit, 0)  # nobody is left to whom it would matter
    tidying = loop.create_task(_tidy(buckets, threads))
    serving = loop.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if serving.done():
            break
        await asyncio.sleep(0.005)
    else:
        _print({"event": "storage serving", "pid": os.getpid()})
    await serving
    tidying.cancel()
    threads.close()


async def _tidy(buckets: Mapping[str, Served], threads: Threads) -> None:
    while True:
        for name, each in buckets.items():
            try:
                removed = await threads.run(each.folder.tidy)  # commits go on
            except PortError as error:
                _print({"event": "storage not tidied", "bucket": name, "error": str(error)})
            else:
                if removed:
                    _print({"event": "storage tidied", "bucket": name, "removed": removed})
        await asyncio.sleep(_TIDY_S)


def _print(entry: dict[str, Any]) -> None:
    line = json.dumps(entry, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
    try:
        os.write(1, line)
    except BrokenPipeError:
        os._exit(0)  # whoever read it is gone


def main(arguments: Sequence[str]) -> None:
    """Serve on the descriptors that the arguments name."""
    listening = socket.socket(fileno=int(arguments[0]))
    os.umask(0o077)
    buckets = served(json.loads(os.environ["SHOP_BUCKETS"]))
    uvloop.run(serve(buckets, listening, int(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
