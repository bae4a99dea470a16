"""The rounds: every contestant in turn, again and again, all of them up all the time."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bench import usage
from bench.contestants import Contestant
from bench.figures import Cell
from bench.load import Generator, LoadError
from infra.cli.commands import Progress

_WARM_S = 1
_SETTLE_S = 0.2
_MB = 1024 * 1024


def run(
    contestants: Mapping[str, Contestant],
    generator: Generator,
    *,
    rounds: int,
    seconds: int,
    progress: Progress,
) -> dict[str, list[Cell | None]]:
    """A cell a contestant and round; None where the load could not be put on."""
    for name, each in contestants.items():
        progress.say(f"warming up {name}")
        _cell(each, generator, _WARM_S, name, progress)
    found: dict[str, list[Cell | None]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, each in contestants.items():
            cell = _cell(each, generator, seconds, name, progress)
            found[name].append(cell)
            if cell:
                text = f"{cell.per_s:,.0f} requests/s, p99 {cell.p99_ms:.1f} ms"
                progress.say(f"round {number} of {rounds}: {name}: {text}")
    return found


def plain(rounds: Mapping[str, list[Cell | None]]) -> dict[str, Any]:
    """The cells as JSON has them."""
    return {
        name: [asdict(cell) if cell else None for cell in cells] for name, cells in rounds.items()
    }


def _cell(
    contestant: Contestant, generator: Generator, seconds: int, name: str, progress: Progress
) -> Cell | None:
    hops = contestant.hops()
    before = {hop: usage.of(pids) for hop, pids in hops.items()}
    try:
        load, own_s = generator.run(contestant.url, seconds)
    except LoadError as error:
        progress.say(f"{name}: {error}")
        return None
    time.sleep(_SETTLE_S)  # the last answers are still under way
    after = {hop: usage.of(pids) for hop, pids in hops.items()}
    each = 1_000_000 / max(load.requests, 1)
    spent = {hop: (after[hop].cpu_s - before[hop].cpu_s) * each for hop in hops}
    memory = sum(found.rss_bytes for found in after.values())
    return Cell(
        load.per_s,
        load.p50_ms,
        load.p99_ms,
        {"load": own_s * each, **spent},
        memory / _MB,
        load.errors,
    )
