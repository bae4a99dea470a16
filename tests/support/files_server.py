"""The real files server in a process of its own, on a listening socket that outlives it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.pids import wait_for

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0


class FilesServer:
    """Serves `uploads` and the public `images` below `root`; `lines` are what it said so far."""

    def __init__(self, root: Path, durability: str = "normal") -> None:
        self.at = root / "buckets" / "uploads"
        public = root / "buckets" / "images"
        for each in (self.at, public):
            each.mkdir(parents=True)
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self.stated: dict[str, Any] = {
            "may": ["read", "write"],
            "at": str(self.at),
            "durability": durability,
            "url": f"http://127.0.0.1:{self.port}",
            "key": str(root / "secrets" / "storage-key"),
        }
        self.public: dict[str, Any] = {**self.stated, "at": str(public), "public": True}
        self.lines: list[dict[str, Any]] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Serve, perhaps again."""
        life, self._life = os.pipe()
        socket_fd = self._listening.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.adapters.local.files", str(socket_fd), str(life)],
            pass_fds=[socket_fd, life],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PYTHONPATH": str(ROOT), "SHOP_BUCKETS": json.dumps(self._buckets())},
        )
        os.close(life)
        served = len(self.said("storage serving"))
        self._reading = threading.Thread(target=self._read, args=(self._process,))
        self._reading.start()
        wait_for(lambda: len(self.said("storage serving")) > served)

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event so far."""
        return [each for each in list(self.lines) if each["event"] == event]

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for its end; the exit status, or minus what killed it."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.gone()

    def let_go(self) -> int:
        """Close the pipe that stands for its starter's life, and wait for its end."""
        os.close(self._life)
        self._life = -1
        return self.gone()

    def gone(self) -> int:
        """Wait for its end."""
        assert self._process is not None
        status = self._process.wait(LIMIT_S)
        self._reading.join()
        if self._life >= 0:
            os.close(self._life)
        self._process = None
        return status

    def close(self) -> None:
        """End it, if it runs, and give the port up."""
        if self._process is not None:
            self.end()
        self._listening.close()

    def _buckets(self) -> dict[str, dict[str, Any]]:
        return {"uploads": self.stated, "images": self.public}

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                self.lines.append(json.loads(line))


@contextmanager
def serving(root: Path, durability: str = "normal") -> Iterator[FilesServer]:
    """A server that runs; afterwards none does."""
    server = FilesServer(root, durability)
    try:
        server.start()
        yield server
    finally:
        server.close()
