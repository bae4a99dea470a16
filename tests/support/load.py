"""Open-loop load: requests leave by the clock, however long the answers take."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

LIMIT_S = 180.0


@dataclass(slots=True)
class Load:
    """`answers` counts the statuses, or the errors' names; `bodies` what was said how often."""

    answers: Counter[int | str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    late_s: float = 0.0

    async def drive(self, url: str, a_second: int, stop: threading.Event) -> None:
        """Send until told to stop, then wait for every answer."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=8)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            began = time.monotonic()
            number = 0
            while not stop.is_set() and number < LIMIT_S * a_second:
                number += 1
                due = began + number / a_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.late_s = max(self.late_s, time.monotonic() - due)
                group.create_task(self._one(client, url))

    async def _one(self, client: httpx.AsyncClient, url: str) -> None:
        began = time.monotonic()
        try:
            answer = await client.get(url)
        except httpx.HTTPError as error:
            self.answers[repr(error)] += 1
        else:
            self.answers[answer.status_code] += 1
            self.bodies[answer.text] += 1
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)


@contextmanager
def under_load(url: str, *, a_second: int, at_least_s: float) -> Iterator[Load]:
    """So many requests a second while the block runs, and for so long at least."""
    load, stop = Load(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(load.drive(url, a_second, stop)))
    began = time.monotonic()
    thread.start()
    try:
        yield load
        time.sleep(max(0.0, began + at_least_s - time.monotonic()))
    finally:
        stop.set()
        thread.join()
