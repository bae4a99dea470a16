"""Who answers `GET /health`: our local cloud, its peers, and bare uvicorn as the yardstick."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import contestants, figures, peers
from bench.cloud import WORKERS, copied
from bench.contestants import Command, Contestant
from bench.figures import Cell, Goal
from infra.cli.commands import Progress
from infra.cli.machine import Machine
from infra.errors import PlatformError
from infra.model import Provider


@dataclass(frozen=True, slots=True)
class Ours:
    """A local cloud: as which one, and with how many workers, None for the autoscaler's choice.

    `handler` is a file of a peer's whose `health` answers in place of the shop's.
    """

    title: str
    emulate: Provider
    workers: int | None = None
    handler: str | None = None


CLOUDS = {
    "same": Ours("local cloud, its handler", "aws", handler="offline/main.py"),
    "aws": Ours("local cloud, aws", "aws"),
    "alicloud": Ours("local cloud, alicloud", "alicloud"),
    "fixed": Ours(f"local cloud, aws, {WORKERS} fixed", "aws", WORKERS),
}
PEERS = {
    "chalice": "chalice local",
    "functions": "functions-framework",
    "offline": "serverless-offline",
}
YARDSTICK = "uvicorn"
BASE = "uvicorn + starlette"
NAMES = {**{name: each.title for name, each in CLOUDS.items()}, **PEERS, YARDSTICK: BASE}
_SAME = "same_as_the_peers.py"
TO_PEER = Goal("the best peer", wanted=5, least=2.5)
TO_YARDSTICK = Goal(BASE, wanted=0.5)
_NOTE = """\
µs: CPU time a request takes in each hop, all processes of it; `load` is the load generator.
MB: what all processes take, a page that several share divided among them (PSS); RSS counts it in
each. Workers: at the end of a load, and what one of them takes on average. `to uvicorn`: requests/s
as a share of uvicorn + starlette's in the same round."""


@contextmanager
def started(
    only: Sequence[str], machine: Machine, folder: Path, progress: Progress
) -> Iterator[Mapping[str, Contestant]]:
    """All that are asked for by title, each in a folder of its own below `folder`.

    A peer that cannot be had or started is left out, which is said.
    """
    up: dict[str, Contestant] = {}
    with ExitStack() as stack:
        for name, ours in CLOUDS.items():
            if name in only:
                progress.say(f"starting the {ours.title}")
                copied(machine.root, folder / name)
                handler = None
                if ours.handler is not None:
                    there = folder / name / "app" / "handlers" / _SAME
                    shutil.copy(machine.root / "bench" / "apps" / ours.handler, there)
                    handler = f"app.handlers.{there.stem}.health"
                cloud = contestants.cloud(folder / name, ours.emulate, ours.workers, handler)
                up[ours.title] = stack.enter_context(cloud)
        wanted = [name for name in (*PEERS, YARDSTICK) if name in only]
        for name, command in _commands(wanted, machine, progress).items():
            progress.say(f"starting {NAMES[name]}")
            shutil.copytree(machine.root / "bench" / "apps" / name, folder / name)
            try:
                peer = contestants.peer(command, folder / name)
                up[NAMES[name]] = stack.enter_context(peer)
            except PlatformError as error:  # the others can be measured still
                progress.say(f"{NAMES[name]} is left out: {error}")
        yield up


def _commands(wanted: Sequence[str], machine: Machine, progress: Progress) -> dict[str, Command]:
    """The commands of those peers that this machine can have."""

    def in_python() -> dict[str, Command]:
        return contestants.in_python(peers.environment(machine, progress))

    def in_node() -> dict[str, Command]:
        return contestants.in_node(peers.node(machine, progress))

    makers: list[tuple[Callable[[], dict[str, Command]], Sequence[str]]] = [
        (in_python, ("chalice", "functions", YARDSTICK)),
        (in_node, ("offline",)),
    ]
    found: dict[str, Command] = {}
    for make, names in makers:
        if needed := [name for name in names if name in wanted]:
            try:
                commands = make()
            except PlatformError as error:
                titles = ", ".join(NAMES[name] for name in needed)
                progress.say(f"left out: {titles}: {error}")
            else:
                found |= {name: commands[name] for name in needed}
    return {name: found[name] for name in wanted if name in found}


def told(found: Mapping[str, Sequence[Cell | None]]) -> str:
    """The table, what its columns are, and ours as a multiple of the others'."""
    base = found.get(BASE, ())
    best = figures.best([found.get(title, ()) for title in PEERS.values()])
    lines = [
        figures.table(found, BASE),
        "",
        _NOTE,
        "",
    ]
    for ours in CLOUDS.values():
        if ours.title in found:
            lines.append(figures.verdict(ours.title, found[ours.title], best, TO_PEER))
            lines.append(figures.verdict(ours.title, found[ours.title], base, TO_YARDSTICK))
    return "\n".join(lines)
