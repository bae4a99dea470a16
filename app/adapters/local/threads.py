"""Work that blocks, done in threads while an event loop goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


class Threads:
    """Some threads for any work, and one for what must not stand in its own way."""

    def __init__(self, count: int = 8) -> None:
        self._any = ThreadPoolExecutor(count, thread_name_prefix="files")
        self._one = ThreadPoolExecutor(1, thread_name_prefix="commits")

    async def run(
        self,
        work: Callable[..., Result],
        *arguments: Any,
        undo: Callable[[Result], object] | None = None,
    ) -> Result:
        """The work's result; cancelled, it returns when the work is done, and undone, all the same.

        `undo` gets the result that nobody waits for any more.
        """
        return await _done(self._any, work, arguments, undo)

    async def run_one(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """The same, one after the other; what is done is done."""
        return await _done(self._one, work, arguments, None)

    def close(self) -> None:
        """Let the threads end."""
        self._any.shutdown()
        self._one.shutdown()


async def _done(
    executor: Executor,
    work: Callable[..., Result],
    arguments: tuple[Any, ...],
    undo: Callable[[Result], object] | None,
) -> Result:
    doing = asyncio.get_running_loop().run_in_executor(executor, work, *arguments)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        # whoever tidies up now must not do so under the hands of a thread
        await asyncio.wait([doing])
        # asked for in any case, or asyncio complains that nobody did
        if not doing.cancelled() and doing.exception() is None and undo is not None:
            undo(doing.result())
        raise
