"""Handlers that say which instance they are, and calls that work as long as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.local_cloud import LocalCloud
from tests.support.wire_http import Answer

PID = """
import os
def lambda_handler(event, context):
    return {"statusCode": 200, "body": str(os.getpid())}
"""
NAP = PID.replace("    return", "    __import__('time').sleep(0.03)\n    return")


class Gate:
    """Calls that are at work until the gate is opened."""

    def __init__(self, cloud: LocalCloud, file: Path) -> None:
        self.cloud = cloud
        self.file = file
        self.code = PID.replace(
            "    return",
            "    import time\n"
            f"    while not os.path.exists({str(file)!r}): time.sleep(0.002)\n    return",
        )
        self.answers: list[Answer] = []
        self._asking: list[threading.Thread] = []

    def call(self, path: str) -> None:
        """Ask, without waiting for the answer."""
        asking = threading.Thread(target=lambda: self.answers.append(self.cloud.get(path)))
        asking.start()
        self._asking.append(asking)

    def open(self) -> list[Answer]:
        """All answers."""
        self.file.touch()
        for each in self._asking:
            each.join()
        return self.answers


@contextmanager
def closed(cloud: LocalCloud, file: Path) -> Iterator[Gate]:
    """A gate, which is open afterwards whatever happened."""
    gate = Gate(cloud, file)
    try:
        yield gate
    finally:
        gate.open()
