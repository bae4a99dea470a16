"""`make measure`: what each request, message and run takes of time, reads, writes and messages.

A shop of its own, in a temporary folder and on free ports, is filled as `make seed` does; then
rounds of requests are sent, one after the other, of which the first only warms it up. Its functions
run with meters around their stores (app/metering.py) and tell what each call took. The means go to
stacks/measured.yaml, by which limits are derived from traffic.
"""

import argparse
import platform as machine
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.adapters.common import webhook_signing
from infra import shop
from infra.bundle import METER
from infra.cli.commands import Progress
from infra.cli.console import run_command
from infra.cli.lent_admin import lent_admin
from infra.cli.letters import kept
from infra.cli.measure_rounds import Rounds
from infra.cli.measure_scenes import Scenes
from infra.cli.schedule_look import table
from infra.cli.seed_goods import goods
from infra.cli.seeding import fill
from infra.cli.shop_http import Shop
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local import apart, plan
from infra.local.places import Places
from infra.local.ports import free_port
from infra.local.secret_files import SecretFiles
from infra.measured import Cost, Measured
from infra.metered import Metered, means, missing, written
from infra.model import Function, Platform, Scaling
from infra.settings import Settings
from infra.settings_local import Local

OUT: Final = ROOT / "stacks" / "measured.yaml"
REPEATS: Final = 10
MOST: Final = 40
_LOG_MB: Final = 1024  # not to be rotated
_WAIT_MS: Final = 20_000
_NEVER: Final = "0 0 1 1 *"  # but on New Year's Eve: schedules are run by hand
# as the fake provider of payments has them
_SECRET: Final = "payments-webhook"  # noqa: S105 - its name
_HEADER: Final = "fake-signature"
_ENDED_BY: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    options = _parse(arguments)
    return run_command(lambda: _measure(options.repeats, Path(options.out)))


def shop_to_measure() -> Platform:
    """The whole shop, metered: one instance of each function, which is there at all times."""
    made = shop.platform(Settings(target="local"), plan.LOCAL_STACK)
    return replace(
        made,
        functions=tuple(map(_metered, made.functions)),
        queues=tuple(replace(each, max_concurrency=1) for each in made.queues),
        schedules=tuple(replace(each, every_minutes=None, cron=_NEVER) for each in made.schedules),
    )


def report(found: Measured) -> str:
    """The means as a table for people."""
    head = ("", "count", "compute ms", "store ms", "calls", "reads", "writes", "sends")
    rows = [
        (name, *_columns(cost))
        for section in (found.requests, found.messages, found.runs)
        for name, cost in section.items()
    ]
    return table([head, *rows])


def _measure(repeats: int, out: Path) -> int:
    if not 1 <= repeats <= MOST:
        raise PlatformError(
            f"--repeats {repeats}: nothing was measured. Beyond {MOST} rounds the shop refuses to "
            f"send letters with new passwords, as to somebody who guesses names\n→ 1 to {MOST}"
        )
    if not out.parent.is_dir():
        raise PlatformError(
            f"{out}: there is no such folder, so nothing was measured\n→ name another: OUT=…"
        )
    began = time.monotonic()
    platform = shop_to_measure()
    with terminable(), tempfile.TemporaryDirectory(prefix="shop-measure-") as folder:
        found = means(platform, _rounds(Path(folder).resolve(), platform, repeats))
    if lacking := missing(platform, found):
        raise PlatformError(
            "\n  ".join(["these were never asked for, so nothing was written:", *lacking])
            + "\n→ add requests for them to infra/cli/measure_scenes.py"
        )
    try:
        out.write_text(written(found, _comment(repeats)), encoding="utf-8")
    except OSError as error:
        raise PlatformError(
            f"{out}: cannot be written ({error.strerror}), so what was measured is lost\n"
            "→ name another: OUT=…"
        ) from error
    print(f"{report(found)}\n{out}, {time.monotonic() - began:.0f} s")
    return 0


def _rounds(root: Path, platform: Platform, repeats: int) -> list[list[Metered]]:
    """What the calls of each round took; of the first, which warms the instances up, nothing."""
    progress = Progress("measure")
    progress.say("a shop of its own, in a temporary folder")
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", root / "app", ignore=skipped)
    settings = Local(port=free_port(), storage_port=free_port(), log_max_mb=_LOG_MB)
    with (
        apart.running(root, platform, settings) as cloud,
        lent_admin(places := cloud.places) as admin,
    ):
        rounds = Rounds(places, platform)
        with closing(rounds.shop(admin, waiting=False)) as filling:
            found = [rounds.round(lambda: fill(filling, goods(), progress.say))]
        with closing(rounds.shop(admin)) as keeper:
            for number in range(repeats + 1):
                found.append(_round(rounds, places, keeper))
                calls = sum(each.count for each in found[-1])
                what = f"round {number} of {repeats}" if number else "a round to warm up"
                progress.say(f"{what}: {calls} calls")
        return found[2:]


def _round(rounds: Rounds, places: Places, keeper: Shop) -> list[Metered]:
    with closing(rounds.shop(Shop(keeper.address))) as guest:
        scenes = Scenes(
            guest,
            keeper,
            lambda to: [each for each in kept(places.root) if each["recipient"] == to],
            lambda body: {_HEADER: _signed(places, body)},
        )
        return rounds.round(scenes.play)


def _signed(places: Places, body: bytes) -> str:
    key = webhook_signing.keys(SecretFiles(places).read(_SECRET))[0]
    return webhook_signing.header(key, body, time.time_ns() // 10**9)


def _metered(function: Function) -> Function:
    return replace(
        function,
        scaling=Scaling(min_instances=1, max_instances=1, queue_ms=_WAIT_MS),
        environment={**function.environment, METER: "1"},
    )


def _comment(repeats: int) -> str:
    name, version = machine.python_implementation(), machine.python_version()
    return (
        "What one request, message and run takes; make measure writes this file anew.\n"
        f"{name} {version}, durability {Local().durability}, {repeats} rounds of one call at a time"
        " on warm instances.\ncompute_ms is CPU time outside of stores, store_ms time in stores: of"
        " both the median of the\nrounds' means; all else is means over all calls."
    )


def _columns(cost: Cost) -> Iterator[str]:
    yield f"{cost.count}"
    yield f"{cost.compute_ms:.2f}"
    yield f"{cost.store_ms:.2f}"
    yield f"{cost.calls:g}"
    for each in (cost.reads, cost.writes):
        yield f"{sum(each.values()):.4g}"
    yield f"{sum(cost.sends.values()):g}"


@contextmanager
def terminable() -> Iterator[None]:
    """Have a termination end the block as an interrupt does, so that it cleans up.

    What comes after the first is not heard: a terminal that is closed says so twice.
    """

    def interrupt(*_: object) -> None:
        for each in _ENDED_BY:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in _ENDED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(
        prog="python -m infra.cli.measure",
        description="Measures what requests, messages and runs take, on a local shop of its own.",
        epilog='By make: OUT=… is --out, all else goes into ARGS="…".',
    )
    made.add_argument("--repeats", type=int, default=REPEATS, help="rounds (default: %(default)s)")
    made.add_argument("--out", default=str(OUT), help="the file (default: stacks/measured.yaml)")
    return made.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
