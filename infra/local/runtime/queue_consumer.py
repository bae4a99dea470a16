"""One queue's consumer: takes messages, has the function work on them, and settles what came of it.

It behaves as an SQS event source with Lambda that reports failures one by one: what the function
does not deal with, for whatever reason, comes back when its visibility time-out ends, until it has
had all its attempts. Every look into the queue's file is made by a thread of its own, never by the
event loop; a file that cannot be used costs a log line and a pause.
"""

import asyncio
import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from infra.local.runtime.emulate import Failure, QueueMessage, TriggerSide
from infra.local.runtime.emulate.registry import gateway_side
from infra.local.runtime.function import Revision
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.queue_file import StoreError
from infra.local.runtime.queue_spec import QueueSpec
from infra.local.runtime.queue_store import QueueStore, clock_ms

Result = TypeVar("Result")

NAMED = "the handler named it as failed"
_LOOK_S = 0.02  # a new message is seen so soon
_IDLE_LOOK_S = 0.05  # where none came for a while
_IDLE_S = 30.0
_SURE_S = 1.0  # the file's times are coarse: look into it now and then all the same
_COARSE_NS = 20_000_000
_PAUSES = (0.1, 5.0)  # the first and the longest after a file, or a function, that is of no use
_SETTLE_TRIES = 6
_PUSHED_BACK = {Failure.FULL, Failure.NOT_STARTED}


class Consumer:
    """Works until it is closed. `functions` is the cloud's own mapping, read for each batch."""

    def __init__(
        self,
        spec: QueueSpec,
        functions: Mapping[str, Revision],
        logbook: Logbook,
        trigger_side: Callable[[str], TriggerSide],
    ) -> None:
        self.spec = spec
        self._functions = functions
        self._logbook = logbook
        self._trigger_side = trigger_side
        self._store = QueueStore(Path(spec.file), spec.durability)
        self._thread = ThreadPoolExecutor(1, f"queue {spec.name}")
        self._batches: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()  # a batch ended, or there is something to notice
        self._stopping = False
        self._refused = _Pause()
        self._busy_at = time.monotonic()
        self._wal = Path(f"{spec.file}-wal")
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def change(self, spec: QueueSpec) -> None:
        """Take new settings, from the next batch on; the file must be the same."""
        self.spec = spec
        await self.with_store(lambda store: store.set_durability(spec.durability))
        self._news.set()

    async def with_store(self, ask: Callable[[QueueStore], Result]) -> Result:
        """Have the queue's thread ask its store. Raises StoreError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, ask, self._store)

    def stop(self) -> None:
        """Hand out no more messages."""
        self._stopping = True
        self._news.set()

    async def close(self, limit_s: float) -> None:
        """Stop, and wait so long for the batches under way; what is cut off then comes back."""
        self.stop()
        await asyncio.wait({self._running}, timeout=limit_s)  # it may take a last batch
        await asyncio.wait({self._running, *self._batches}, timeout=limit_s)
        left = {self._running, *self._batches}
        for each in left:
            each.cancel()
        await asyncio.wait(left)
        await self.with_store(QueueStore.close)
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        broken = _Pause()
        while not self._stopping:
            try:
                await self._turn()
                broken.over()
            except Exception as error:  # noqa: BLE001 - whatever it is, the queue must go on
                self._failed(error)
                await self._rest(broken.next_s())

    async def _turn(self) -> None:
        """Take one batch, or wait until there may be one."""
        self._news.clear()
        if len(self._batches) >= self.spec.max_concurrency:
            await self._news.wait()
        elif self.spec.consumer not in self._functions:
            await self._rest(_IDLE_LOOK_S)
        elif (left_s := self._refused.left_s()) > 0:
            await self._rest(left_s)
        else:
            await self._take()

    async def _take(self) -> None:
        spec, seen = self.spec, self._mark()
        taken = await self.with_store(
            lambda store: store.receive(
                spec.batch_size, spec.visibility_s * 1000, spec.max_attempts
            )
        )
        for number, reason in taken.died:
            self._logbook.write("message dead", queue=spec.name, id=number, reason=reason)
        if taken.messages:
            self._busy_at = time.monotonic()
            task = asyncio.get_running_loop().create_task(self._work(taken.messages))
            self._batches.add(task)
            task.add_done_callback(self._ended)
        else:
            due_s = _SURE_S
            if taken.next_ms is not None:
                due_s = min(due_s, (taken.next_ms - clock_ms()) / 1000)
            await self._wait_for_news(seen, due_s)

    def _ended(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._news.set()
        if not batch.cancelled() and (error := batch.exception()) is not None:
            self._failed(error)  # its messages come back by themselves

    async def _work(self, messages: Sequence[QueueMessage]) -> None:
        """Have the function work on one batch."""
        name, consumer = self.spec.name, self.spec.consumer
        began = time.monotonic()
        revision = self._functions.get(consumer)
        if revision is None or self._stopping:
            await self.with_store(lambda store: store.release(messages, clock_ms()))
            return
        side = self._trigger_side(revision.spec.emulate)
        request_id = gateway_side(revision.spec.emulate).new_request_id()
        outcome = await revision.invoke(request_id, side.queue_event(name, messages))
        line: dict[str, object] = {}
        if isinstance(outcome, Failure):
            failed = frozenset(each.id for each in messages)
            reason = line["failure"] = outcome.value
        else:
            failed = side.failed(outcome, [each.id for each in messages])
            reason = NAMED
        if outcome in _PUSHED_BACK:
            if self._refused.left_s() <= 0:  # not once more for each batch of the same time
                self._refused.next_s()
        else:
            self._refused.over()
        self._logbook.write(
            "batch",
            queue=name,
            function=consumer,
            request_id=request_id,
            count=len(messages),
            failed=len(failed),
            ms=round((time.monotonic() - began) * 1000, 3),
            **line,
        )
        await self._settle(messages, failed, reason)

    async def _settle(
        self, messages: Sequence[QueueMessage], failed: frozenset[str], reason: str
    ) -> None:
        """Write down what came of a batch; where that never succeeds, all of it comes back."""
        done = [each for each in messages if each.id not in failed]
        left = [each for each in messages if each.id in failed]
        pause = _Pause()
        for tries in range(1, _SETTLE_TRIES + 1):
            try:
                await self.with_store(lambda store: store.settle(done, left, reason))
                break
            except StoreError as error:
                if tries == _SETTLE_TRIES:
                    raise
                self._failed(error)
                await asyncio.sleep(pause.next_s())

    async def _wait_for_news(self, seen: "_Mark", limit_s: float) -> None:
        """Return when the file changed, something else happened, or after the limit."""
        until = time.monotonic() + limit_s
        while not self._news.is_set() and (left_s := until - time.monotonic()) > 0:
            idle = time.monotonic() - self._busy_at > _IDLE_S
            await asyncio.sleep(min(left_s, _IDLE_LOOK_S if idle else _LOOK_S))
            found = self._mark()
            # two changes within one tick of the file system's clock look alike
            if found != seen or 0 <= time.time_ns() - found[0] < _COARSE_NS:
                return

    def _mark(self) -> "_Mark":
        """What is another one after every write to the file; two microseconds, so asked here."""
        try:
            found = os.stat(self._wal)  # noqa: PTH116 - fifty times a second
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    async def _rest(self, limit_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._news.wait()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, StoreError):
            said = str(error)
        else:  # its text could hold a message's
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__} in {last.name}, line {last.lineno}"
        self._logbook.write("queue failed", queue=self.spec.name, error=said)


_Mark = tuple[int, int]


class _Pause:
    """How long to leave alone what does not work: twice as long each time, up to a limit."""

    def __init__(self) -> None:
        self._s = 0.0
        self._until = 0.0

    def next_s(self) -> float:
        """Begin another pause; its seconds."""
        first, longest = _PAUSES
        self._s = min(self._s * 2 or first, longest)
        self._until = time.monotonic() + self._s
        return self._s

    def left_s(self) -> float:
        """How much of the pause is left, in seconds."""
        return self._until - time.monotonic()

    def over(self) -> None:
        """It works."""
        self._s = self._until = 0.0
