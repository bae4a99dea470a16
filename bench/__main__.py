"""`make bench`: `python -m bench [--seconds 5] [--rounds 3] [--only aws,uvicorn,packages]`.

bench/README.md tells what it measures. Everything listens on 127.0.0.1, takes a bounded time, and
is ended before this returns.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench import (
    cold,
    figures,
    flash,
    flash_told,
    load,
    orders,
    packages,
    program,
    reload,
    requests,
    rounds,
    starts,
    stores,
    writes,
)
from bench.cloud import checkout_in, copied
from infra.cli.commands import Progress
from infra.cli.console import run_command
from infra.cli.engine import this_machine
from infra.local.places import Places, private_folder
from infra.packages.runtime import LAMBDA
from infra.packages.tools import this_machine as this_machines_tools

ROOT = Path(__file__).resolve().parents[1]
PARTS = (*requests.NAMES, "stores", "orders", "flash", "start", "dev", "packages", "program")
SECONDS, STARTS, EDITS, IMPORTS, PROGRAMS = 5, 50, 20, 15, 5


def _requests(options: argparse.Namespace, folder: Path, progress: Progress) -> dict[str, Any]:
    """Measure what answers requests, and print the table and the ratios."""
    machine = this_machine(ROOT)
    generator = load.find(machine, progress)
    with requests.started(options.only, machine, folder, progress) as up:
        found = rounds.run(
            up, generator, rounds=options.rounds, seconds=options.seconds, progress=progress
        )
    titles = [title for name, title in requests.NAMES.items() if name in options.only]
    asked = {title: found.get(title, []) for title in titles}
    print(
        f"\nGET /health, {load.CONNECTIONS} keep-alive connections by {generator.name}, "
        f"{options.seconds} s, {options.rounds} rounds: median [least-most]\n"
    )
    print(requests.told(asked))
    return {"generator": generator.name, "rounds": rounds.plain(asked)}


def _starts(folder: Path, progress: Progress) -> dict[str, Any]:
    """Measure workers' starts, and print them."""
    progress.say(f"{STARTS} starts of a worker, twice")
    found = starts.measure(ROOT, folder / "start", STARTS)
    rows = [["worker start, ms", "p50", "p99", "of it the import, p50"]]
    for name, each in found.items():
        shares = [figures.percentile(each.start_ms, share) for share in (0.5, 0.99)]
        imports = figures.percentile(each.import_ms, 0.5)
        rows.append([f"{name} handler", *(f"{value:.1f}" for value in (*shares, imports))])
    print(f"\nFrom the order to READY, {STARTS} starts, emulate aws\n\n{figures.aligned(rows)}")
    return {
        name: {"ms": each.start_ms, "import_ms": each.import_ms} for name, each in found.items()
    }


def _edits(folder: Path, progress: Progress) -> list[float]:
    """Measure `make dev`, and print it."""
    progress.say(f"{EDITS} edits under `make dev`")
    found = reload.measure(ROOT, folder / "dev", EDITS)
    middle, worst = (figures.percentile(found, share) for share in (0.5, 0.99))
    print(
        f"\nmake dev, from the written file to the first answer by it, {EDITS} edits: "
        f"p50 {middle:.0f} ms, p99 {worst:.0f} ms"
    )
    return found


def _stores(options: argparse.Namespace, folder: Path, progress: Progress) -> dict[str, Any]:
    """Measure what writes and reads rows through HTTP, and print it."""
    progress.say("a whole shop: registrations, logins, point reads, and SQLite alone")
    generator = load.find(this_machine(ROOT), progress)
    root = folder / "stores"
    copied(ROOT, root)
    found = stores.measure(
        root, generator, rounds=options.rounds, seconds=options.seconds, progress=progress
    )
    print(
        f"\nThe whole shop, every write synced, {stores.CLIENTS} clients (reads: "
        f"{load.CONNECTIONS} connections by {generator.name}), {options.seconds} s, "
        f"{options.rounds} rounds: median\n"
    )
    print(figures.aligned(stores.rows(found)))
    print(
        "\nA registration is an argon2id hash and three synced writes, its message among them; a"
        " login a hash\nand five; GET /users/me reads two rows by their keys. SQLite's own: one"
        " process, one row each."
    )
    return asdict(found)


def _orders(options: argparse.Namespace, folder: Path, progress: Progress) -> dict[str, Any]:
    """Measure browsing and ordering through HTTP, and print it."""
    generator = load.find(this_machine(ROOT), progress)
    found: dict[orders.Durability, orders.Rates] = {}
    durabilities: tuple[orders.Durability, ...] = ("full", "normal")
    for durability in durabilities:
        root = folder / f"orders-{durability}"
        copied(ROOT, root)
        found[durability] = orders.measure(
            root,
            durability,
            generator,
            rounds=options.rounds,
            seconds=options.seconds,
            progress=progress,
        )
    print(
        f"\nA shop of {orders.PRODUCTS} products, {stores.CLIENTS} guests who order (pages: "
        f"{load.CONNECTIONS} connections by {generator.name}), {options.seconds} s, "
        f"{options.rounds} rounds: medians\n"
    )
    print(figures.aligned(orders.rows(found)))
    print(
        "\nOf each order the guest makes a cart, fills it and places the order, in three requests; "
        "the times are\nof POST /orders.\n\nRows written for an order, once its cart is filled:"
    )
    counted = {lines: writes.of_an_order(lines) for lines in (1, 2, 8)}
    for lines, (placed, paid) in counted.items():
        print(f"  of {lines} products: {placed} to place it, {paid} more to have it paid")
    return {"writes": counted, **{name: asdict(each) for name, each in found.items()}}


def _flash(seconds: int, folder: Path, stem: Path, progress: Progress) -> dict[str, Any]:
    """Hold the flash sale, and print what came of it; plots' names begin as `stem` does."""
    found = flash.measure(ROOT, folder, seconds=seconds, progress=progress)
    plots = [file.relative_to(ROOT) for file in flash_told.written(found, stem)]
    print(flash_told.report(found, os.cpu_count() or 1, plots))
    return flash.plain(found)


def _packages(folder: Path, progress: Progress) -> dict[str, Any]:
    """Weigh the packages for Lambda, measure their entrypoints, and print it."""
    tools = replace(this_machines_tools(), progress=progress)
    runtime, python = packages.runnable(tools)
    progress.say(f"packages for {LAMBDA.title}, and for {runtime.title}")
    packed = packages.pack(checkout_in(ROOT, folder), runtime, python, tools)
    progress.say(f"imports of each entrypoint, {IMPORTS} rounds, by Python {python.version}")
    found = cold.measure(packed, python.program, IMPORTS, progress)
    ours = [each.name for each in packed if each.name not in packages.PEERS]
    print(
        f"\nPackages for {LAMBDA.title}; imports by Python {python.version} of this machine less "
        f"a bare start,\nand GET /health in process: medians\n\n{figures.aligned(cold.rows(found))}"
    )
    goals = f"{cold.GOAL_MS} ms of CPU to import, {cold.GOAL_KB:,} KB zipped"
    missed = cold.over(found, ours)
    print(f"\nGoals of ours ({goals}): {'; '.join(missed) or 'all met'}")
    return {"python": python.version, **{name: asdict(each) for name, each in found.items()}}


def _programs(folder: Path, progress: Progress) -> dict[str, Any]:
    """Measure the Pulumi program, and print it."""
    found = program.measure(checkout_in(ROOT, folder), PROGRAMS, progress)
    print(
        f"\nThe Pulumi program for AWS by mocks, packages already built, {PROGRAMS} rounds: medians"
        f"\n\n{figures.aligned(program.rows(found))}\n\n{program.verdict(found)}"
    )
    return {name: asdict(each) for name, each in found.items()}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures.")
    seconds = f"of load a cell (default: {SECONDS}), and of the flash sale ({flash.SECONDS})"
    parser.add_argument("--seconds", type=int, help=seconds)
    parser.add_argument("--rounds", type=int, default=3, help="over all contestants (default: 3)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    options = parser.parse_args(arguments)
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}")
    options.sale_seconds = flash.SECONDS if options.seconds is None else options.seconds
    options.seconds = SECONDS if options.seconds is None else options.seconds
    if options.seconds < 1 or options.rounds < 1:
        parser.error("--seconds and --rounds are 1 at least")
    return options


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what runs is ended then too
    for name in [each for each in os.environ if each.startswith("PYTHON")]:
        del os.environ[name]  # such as the one that forbids writing compiled modules
    os.environ["PYTHONPATH"] = str(ROOT)  # children find infra/ here, whatever is installed

    def command() -> int:
        progress = Progress("bench")
        results: dict[str, Any] = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "load_before": os.getloadavg(),
            "seconds": options.seconds,
        }
        kept = Places(ROOT).state / "bench"
        private_folder(kept.parent)
        private_folder(kept)
        file = kept / f"{time.strftime('%Y%m%dT%H%M%S')}.json"
        folder = Path(tempfile.mkdtemp(prefix="shop-bench-"))
        parts: dict[str, Callable[[], Any]] = {
            "stores": lambda: _stores(options, folder, progress),
            "orders": lambda: _orders(options, folder, progress),
            "flash": lambda: _flash(options.sale_seconds, folder, file.with_suffix(""), progress),
            "start": lambda: _starts(folder, progress),
            "dev": lambda: _edits(folder, progress),
            "packages": lambda: _packages(folder, progress),
            "program": lambda: _programs(folder, progress),
        }
        try:
            if {*options.only} & {*requests.NAMES}:
                results["requests"] = _requests(options, folder, progress)
            results |= {name: part() for name, part in parts.items() if name in options.only}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        print(f"\nAll of it: {file.relative_to(ROOT)}")
        return 1 if results.get("flash", {}).get("wrong") else 0

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
