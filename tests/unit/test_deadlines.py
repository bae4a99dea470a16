"""One timer for all calls of a function."""

import asyncio
import time
from pathlib import Path

from infra.local.runtime.deadlines import Deadlines
from infra.local.runtime.instances import Instance
from infra.local.runtime.logbook import Logbook

TIMEOUT_S = 0.05


def test_a_call_is_over_at_its_own_deadline_once_and_never_one_that_has_ended(
    tmp_path: Path,
) -> None:
    """Also those that begin while the timer is set for another's deadline, or after the last."""
    logbook = Logbook(tmp_path / "log", max_mb=1)
    first, ended, later, last = (
        Instance(number, "f", logbook, -1, lambda *_: None, lambda _: None, lambda _: None)
        for number in range(4)
    )
    at_work: dict[Instance, None] = {}
    over: list[tuple[Instance, bool]] = []
    told = asyncio.Event()

    def on_over(instance: Instance) -> None:
        over.append((instance, time.monotonic() >= instance.deadline))
        del at_work[instance]
        told.set()

    async def run() -> None:
        deadlines = Deadlines(TIMEOUT_S, lambda: at_work, on_over)

        def begin(instance: Instance) -> None:
            at_work[instance] = None
            deadlines.begin(instance)

        begin(first)
        begin(ended)
        await asyncio.sleep(TIMEOUT_S / 5)
        del at_work[ended]
        begin(later)
        while len(over) < 2:
            told.clear()
            await told.wait()
        begin(last)
        told.clear()
        await told.wait()
        deadlines.cancel()

    async def bounded() -> None:
        async with asyncio.timeout(10):
            await run()

    asyncio.run(bounded())
    assert over == [(first, True), (later, True), (last, True)]
