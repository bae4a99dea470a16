"""Rounds of requests on a shop whose functions tell what each call takes, and what they told.

One thing at a time: after each request that may have sent messages the queues are waited for, so
that nothing that is measured competes with anything else of the shop.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.cli.shop_http import Answer, Shop
from infra.errors import PlatformError
from infra.local.client import ask
from infra.local.places import Places
from infra.metered import Metered, metered
from infra.model import Platform

_PATIENCE_S = 30.0
_POLL_S = 0.005
_RUN_S = 90.0
_GOOD = range(400)


@dataclass(slots=True)
class Watched(Shop):
    """A shop that tells `after` of each request that was answered well."""

    after: Callable[[str], object] = field(default=lambda _: None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Raises PlatformError."""
        answer = Shop.ask(self, method, path, body, headers)
        if answer.status in _GOOD:
            self.after(method)
        return answer


class Rounds:
    """Runs rounds on the local cloud of `places`, and collects what its functions tell of each."""

    def __init__(self, places: Places, platform: Platform) -> None:
        self._places = places
        self._platform = platform
        self._log = _Log(places.log)
        self._requests = 0

    def shop(self, like: Shop, *, waiting: bool = True) -> Watched:
        """The same shop, with the same token, whose requests count.

        Those that are not `waiting` do not wait for the queues: nobody looks at their times.
        """
        after = self._answered if waiting else self._counted
        return Watched(like.address, like.token, after=after)

    def round(self, play: Callable[[], object]) -> list[Metered]:
        """What every call of a round took: of `play`, of what it sent, and of each schedule once.

        Raises PlatformError where something of it did not go well.
        """
        self._requests = 0
        play()
        for schedule in self._platform.schedules:
            ran = ask(self._places, "run_schedule", _RUN_S, name=schedule.name)
            if ran["ended"] != "well":
                raise PlatformError(f"the schedule {schedule.name} ended: {ran['ended']}")
        self._drained()
        wanted = self._requests + len(self._platform.schedules)
        found: list[Metered] = []

        def complete() -> bool:
            found.extend(self._log.read())
            told = sum(each.trigger != "queue" for each in found)
            return told == wanted and not under_way(self._platform, found)

        _until(complete, "what its functions tell of each call")
        return found

    def _counted(self, _method: str) -> None:
        self._requests += 1

    def _answered(self, method: str) -> None:
        self._counted(method)
        if method != "GET":
            self._drained()

    def _drained(self) -> None:
        """Come back when no queue holds anything. Raises PlatformError for a dead message."""

        def empty() -> bool:
            queues: Mapping[str, Any] = ask(self._places, "look_queue", name=None)
            for name, each in queues.items():
                if each.get("dead", 0) or "error" in each:
                    raise PlatformError(f"a message of the queue {name} could not be dealt with")
            return not any(each["waiting"] + each["in_flight"] for each in queues.values())

        _until(empty, "the end of the queues")


def under_way(platform: Platform, found: list[Metered]) -> bool:
    """Whether a message was sent of whose consumption nothing is told yet."""
    consumers = {each.name: each.consumer for each in platform.queues}
    left: Counter[str] = Counter()
    for each in found:
        for queue, sent in each.sends.items():
            left[consumers[queue]] += sent
        if each.trigger == "queue":
            left[each.of] -= each.count
    return any(count > 0 for count in left.values())


class _Log:
    """The log of the local cloud, read on from where it was left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def read(self) -> list[Metered]:
        """What is told since the last time; a line that is not whole yet is left for the next."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole = file.read().rpartition(b"\n")[0]
        self._at += len(whole) + 1 if whole else 0
        return [each for each in map(metered, whole.split(b"\n")) if each is not None]


def _until(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not done():
        if time.monotonic() > end:
            raise PlatformError(
                f"{what} did not come within {_PATIENCE_S:.0f} s\n→ run it again on a machine that "
                "has less to do"
            )
        time.sleep(_POLL_S)
