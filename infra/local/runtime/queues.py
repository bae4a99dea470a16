"""The local cloud's queues by name: each a file of messages and a consumer that works on them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from infra.local.runtime import queue_file
from infra.local.runtime.changes import ChangeError
from infra.local.runtime.emulate import TriggerSide
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.queue_consumer import Consumer
from infra.local.runtime.queue_file import StoreError
from infra.local.runtime.queue_spec import QueueSpec
from infra.local.runtime.queue_store import QueueStore
from infra.naming import choose

Result = TypeVar("Result")

_DRAIN_S = 31.0  # what is still at work then is cut off, and comes back
_SHOWN = 100
_BODY_CHARACTERS = 80


class Queues:
    """What can be done with the queues. `functions` is the cloud's own mapping.

    Every method that names a queue raises ChangeError where there is no such one, and where its
    file cannot be used.
    """

    def __init__(
        self,
        functions: Mapping[str, Revision],
        logbook: Logbook,
        trigger_side: Callable[[str], TriggerSide],
    ) -> None:
        self._functions = functions
        self._logbook = logbook
        self._trigger_side = trigger_side
        self._consumers: dict[str, Consumer] = {}
        self._changing: dict[str, asyncio.Lock] = {}

    async def put(self, spec: QueueSpec) -> None:
        """Have this queue from now on; its file is made where it is not there.

        Batches that are under way go on, and the next ones are as this has it. Its consumer need
        not run yet: messages wait for it, so whoever sends can be started after the queue.
        """
        async with self._changing.setdefault(spec.name, asyncio.Lock()):
            try:
                await asyncio.to_thread(queue_file.make, Path(spec.file))
                old = self._consumers.get(spec.name)
                if old is not None and old.spec.file == spec.file:
                    if old.spec == spec:
                        return
                    await old.change(spec)
                else:
                    new = Consumer(spec, self._functions, self._logbook, self._trigger_side)
                    self._consumers[spec.name] = new
                    if old is not None:
                        await old.close(_DRAIN_S)
            except StoreError as error:
                raise _unusable(spec.name, error) from error
        self._logbook.write("queue changed", queue=spec.name, function=spec.consumer)

    async def delete(self, name: str) -> None:
        """Consume this queue no more; it is no error when there is none. Its messages stay."""
        async with self._changing.setdefault(name, asyncio.Lock()):
            old = self._consumers.pop(name, None)
            if old is not None:
                await old.close(_DRAIN_S)
                self._logbook.write("queue deleted", queue=name)

    async def look(self, name: str | None = None) -> dict[str, Any]:
        """What is in one queue, or in each, by name: counts, and of the dead the last ones.

        A queue whose file cannot be used has an `error` instead, where all are asked for.
        """
        if name is not None:
            look = await self._ask(name, lambda store: store.look(_SHOWN, _BODY_CHARACTERS))
            return {name: asdict(look)}
        found: dict[str, Any] = {}
        for each in sorted(self._consumers):
            try:
                found[each] = asdict(await self._ask(each, lambda store: store.look(0, 0)))
            except ChangeError as error:
                found[each] = {"error": str(error)}
        return found

    async def redrive(self, name: str, ids: Sequence[str] | None = None) -> dict[str, Any]:
        """Have dead messages, all or these, delivered anew: how many, and which are not there."""
        moved = await self._ask(name, lambda store: store.redrive(ids))
        self._logbook.write("queue redriven", queue=name, count=len(moved))
        return _moved(moved, ids)

    async def purge(self, name: str, ids: Sequence[str] | None = None) -> dict[str, Any]:
        """Remove dead messages, all or these, for good: how many, and which are not there."""
        moved = await self._ask(name, lambda store: store.purge(ids))
        self._logbook.write("queue purged", queue=name, count=len(moved))
        return _moved(moved, ids)

    def describe(self) -> dict[str, Any]:
        """The specifications by name."""
        return {name: asdict(each.spec) for name, each in self._consumers.items()}

    def stop(self) -> None:
        """Hand out no more messages."""
        for each in self._consumers.values():
            each.stop()

    async def close(self, limit_s: float) -> None:
        """Wait so long for the batches under way, and let every file go."""
        closing, self._consumers = self._consumers, {}
        await asyncio.gather(*(each.close(limit_s) for each in closing.values()))

    async def _ask(self, name: str, ask: Callable[[QueueStore], Result]) -> Result:
        consumer = self._consumers.get(name)
        if consumer is None:
            raise ChangeError(f"there is no queue {name}: {choose(name, self._consumers)}")
        try:
            return await consumer.with_store(ask)
        except StoreError as error:
            raise _unusable(name, error) from error


def _unusable(name: str, error: StoreError) -> ChangeError:
    return ChangeError(f"the queue {name} cannot be used: {error}")


def _moved(moved: Sequence[str], ids: Sequence[str] | None) -> dict[str, Any]:
    return {"count": len(moved), "missing": sorted(set(ids or ()) - set(moved))}
