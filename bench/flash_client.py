"""The generator of the flash sale: a process of its own, which sends by the clock.

`python -m bench.flash_client <plan> <answers> <port>`: each request leaves when it is due, on a
connection that is free or new, however long the answers to others take. So no wait is left out, and
all times count from when a request was due. A plan is JSON of `Asked`, the answers of `Told`.
"""

import asyncio
import gc
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.flash_plan import CONFIRM, FOLLOWING, ORDER, ROUTES, Asked

NOT_SENT: Final = -1
_UNANSWERED: Final = 0
_BEGINS_S: Final = 0.3
_LIMIT_S: Final = 40.0
_FRESH_S: Final = 2.0  # a server closes connections that rest for longer, uvicorn after 5
_HEAD: Final = b"\r\n\r\n"
_KEPT: Final = (ORDER, CONFIRM)  # whose answers are told

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one request; times are seconds after the start.

    `sent` is when it left, `due` when it should have. `status` is 0 where there was no answer: why
    stands in `said`; and NOT_SENT where the order that it is about was not placed.
    """

    route: str
    due: float
    sent: float
    done: float
    status: int
    said: str = field(default="", repr=False)

    @property
    def well(self) -> bool:
        """Whether it was answered as it should be."""
        return self.status == ROUTES[self.route]


@dataclass(slots=True)
class Sale:
    """Sends a plan to a port of this machine; `began` is the start, on the monotonic clock."""

    port: int
    began: float
    told: list[Told | None] = field(default_factory=list)
    _free: deque[tuple[Link, float]] = field(default_factory=deque)

    async def run(self, plan: Sequence[Asked]) -> list[Told]:
        """Send all of it when it is due, and wait for every answer."""
        self.told = [None] * len(plan)
        async with asyncio.TaskGroup() as group:
            for number, each in enumerate(plan):
                wait = self.began + each.at - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                group.create_task(self._one(number, each))
        for (_, writer), _ in self._free:
            writer.close()
        return [each for each in self.told if each is not None]

    async def _one(self, number: int, each: Asked) -> None:
        path = each.path
        if each.route in FOLLOWING:
            placed = self.told[each.order]
            if placed is None or not placed.well:
                self._tell(number, each, self._now(), NOT_SENT)
                return
            order = json.loads(placed.said)
            path = path.format(order=order["order"], page=order["payment"]["client"]["url"])
        sent, link = self._now(), self._rested()
        try:
            async with asyncio.timeout(_LIMIT_S):
                link = link or await asyncio.open_connection("127.0.0.1", self.port)
                sent = self._now()
                link[1].write(_written(each, path, self.port))
                status, said = await _answer(link[0])
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as error:
            if link is not None:
                link[1].close()
            self._tell(number, each, sent, _UNANSWERED, repr(error))
            return
        self._free.append((link, time.monotonic()))
        kept = said if each.route in _KEPT or status >= 400 else b""  # noqa: PLR2004
        self._tell(number, each, sent, status, kept.decode(errors="replace"))

    def _rested(self) -> Link | None:
        """The connection that was used last, if that was just now."""
        while self._free:
            link, used = self._free.pop()
            if time.monotonic() - used < _FRESH_S and not link[0].at_eof():
                return link
            link[1].close()
        return None

    def _now(self) -> float:
        return time.monotonic() - self.began

    def _tell(self, number: int, each: Asked, sent: float, status: int, said: str = "") -> None:
        self.told[number] = Told(each.route, each.at, sent, self._now(), status, said)


def _written(each: Asked, path: str, port: int) -> bytes:
    head = [
        f"{each.route.partition(' ')[0]} {path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        f"content-length: {len(each.body.encode())}",
        *(f"{name}: {value}" for name, value in each.headers.items()),
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + each.body).encode()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body. Raises EOFError, and ValueError for what is no answer."""
    head = await reader.readuntil(_HEAD)
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    fields = (line.partition(":") for line in lines[1:])
    length = next((int(value) for name, _, value in fields if name.lower() == "content-length"), 0)
    return status, await reader.readexactly(length)


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    plan_file, answers, port = arguments
    plan = [Asked(**each) for each in json.loads(Path(plan_file).read_text())]
    gc.freeze()

    async def sold() -> dict[str, Any]:
        before = time.process_time()
        sale = Sale(int(port), time.monotonic() + _BEGINS_S - plan[0].at)
        epoch = time.time() + sale.began - time.monotonic()
        told = await sale.run(plan)
        return {
            "began": sale.began,
            "epoch": epoch,
            "cpu_s": time.process_time() - before,
            "told": [asdict(each) for each in told],
        }

    _many_files()
    Path(answers).write_text(json.dumps(asyncio.run(sold())))
    return 0


def _many_files() -> None:
    """As many connections at once as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536) if most > 0 else 65_536, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
