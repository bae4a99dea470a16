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

_WARM_S = 2
_WARMINGS = 8  # a server that starts a process a connection needs some on a busy machine
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
        _warm(each, generator, name, progress)
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


def _warm(contestant: Contestant, generator: Generator, name: str, progress: Progress) -> None:
    """Put load on it until it starts no more workers, so that the rounds measure none of that."""
    for _ in range(_WARMINGS):
        before = len(contestant.processes().workers)
        cell = _cell(contestant, generator, _WARM_S, name, progress)
        if cell is None or (cell.per_s and len(cell.workers_mb) <= before):
            return


def _cell(
    contestant: Contestant, generator: Generator, seconds: int, name: str, progress: Progress
) -> Cell | None:
    was = contestant.processes()
    server, everyone = usage.of(was.server), usage.of([*was.server, *was.of_workers])
    try:
        load, own_s = generator.run(contestant.url, seconds)
    except LoadError as error:
        progress.say(f"{name}: {error}")
        return None
    time.sleep(_SETTLE_S)  # the last answers are still under way
    now = contestant.processes()
    each = 1_000_000 / max(load.requests, 1)
    all_now = usage.of([*now.server, *now.of_workers])
    server_s = usage.of(now.server).cpu_s - server.cpu_s
    spent = {"load": own_s * each, "server": server_s * each}
    if now.workers or was.workers:
        # What is not the server's was its workers', of those too that ended meanwhile.
        whole_s = all_now.cpu_s + all_now.reaped_s - everyone.cpu_s - everyone.reaped_s
        spent["workers"] = (whole_s - server_s) * each
    return Cell(
        load.per_s,
        load.p50_ms,
        load.p99_ms,
        spent,
        all_now.rss_bytes / _MB,
        usage.memory_bytes(now.server) / _MB,
        [usage.memory_bytes(worker) / _MB for worker in now.workers],
        load.errors,
    )
