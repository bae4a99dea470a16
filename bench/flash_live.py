"""The flash sale on a local cloud: each contestant in one of its own, under the same requests."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import flash_log, flash_plan, flash_seen, usage
from bench.cloud import Cloud
from bench.flash_client import Told
from bench.flash_log import Line
from bench.flash_plan import Asked, Visit
from bench.flash_predicted import Times
from bench.flash_seen import Look
from bench.flash_shop import Contestant, opened, stocked, under_load, wrong_books
from infra.cli.shop_http import Shop
from infra.errors import PlatformError
from infra.local.client import ask
from infra.local.places import Places

_LOOKS_S: Final = 0.25
_GRACE_S: Final = 60.0
_SETTLE_S: Final = 0.2  # the log is written this much later at most
_STARTS: Final = 5
_ALONE: Final = 20
_MANY: Final = 5  # times as often: what most of the requests ask for
_WARM: Final = 2  # the first calls of a kind, which are not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a sale was like, in seconds after its start. `wrong`: what should not be, in sentences.

    `log` has the calls of the time before, too. `cpu_s` is of the whole shop, `machine_s` of
    all that ran (None: unknown), `load` the machine's of the last minute, before and after.
    """

    told: Sequence[Told]
    looks: Sequence[Look]
    log: Sequence[Line]
    wrong: Sequence[str]
    cpu_s: float
    generator_cpu_s: float
    machine_s: float | None
    load: tuple[float, float]


def alone(checkout: Path, root: Path, seed: int) -> Times:
    """What calls and starts take one at a time, nobody else being there. Raises PlatformError."""
    functions = under_load()
    with opened(checkout, root, Contestant("alone", 1, 1)) as cloud:
        with closing(Shop(f"http://127.0.0.1:{cloud.port}")) as guest:
            goods = stocked(cloud.places, guest, _ALONE)
            before = len(_lines(cloud.places))
            plan = flash_plan.asked(_one_by_one(), goods, seed)
            _send(guest, plan)
        lines = _lines(cloud.places)[before:]
        if len(lines) != len(plan):
            raise PlatformError(f"{len(plan)} requests were sent, and {len(lines)} are in the log")
        took: dict[str, list[float]] = {}
        for each, line in zip(plan, lines, strict=True):
            took.setdefault(each.route, []).append(line.ended - line.began)
        starts = {name: _start_s(cloud.places, name) for name in {*functions.values()}}
    return Times({route: found[_WARM:] for route, found in took.items()}, starts)


def sale(
    checkout: Path, root: Path, contestant: Contestant, visits: Sequence[Visit], seed: int
) -> Live:
    """One contestant's sale. Raises PlatformError where it could not be held at all."""
    functions = under_load()
    orders = sum(each.route == flash_plan.ORDER for each in visits)
    with opened(checkout, root, contestant) as cloud:
        with closing(Shop(f"http://127.0.0.1:{cloud.port}")) as guest:
            goods = stocked(cloud.places, guest, orders)
        plan = flash_plan.asked(visits, goods, seed)
        load, cpu_s, machine_s = os.getloadavg()[0], _cpu_s(cloud), usage.machine_s()
        found, seen = _generated(root, cloud, plan)
        cpu_s = _cpu_s(cloud) - cpu_s
        if machine_s is not None:
            machine_s = (usage.machine_s() or 0.0) - machine_s
        told = [Told(**each) for each in found["told"]]
        looks = [Look(at - found["began"], instances) for at, instances in seen]
        log = _lines(cloud.places, found["epoch"])
        placed, paid = flash_seen.orders(told)
        wrong = [
            *flash_seen.errors(told),
            *flash_log.uncounted(told, log),
            *flash_log.unfounded(log, dict.fromkeys(functions.values(), contestant.maximum)),
            *flash_seen.without_need(told, looks, functions),
            *flash_seen.too_many(looks, [*functions.values()]),
            *wrong_books(cloud.places, goods.products, placed, paid),
        ]
    return Live(
        told=told,
        looks=looks,
        log=log,
        wrong=wrong,
        cpu_s=cpu_s,
        generator_cpu_s=found["cpu_s"],
        machine_s=machine_s,
        load=(load, os.getloadavg()[0]),
    )


def _generated(
    root: Path, cloud: Cloud, plan: Sequence[Asked]
) -> tuple[dict[str, Any], list[tuple[float, Any]]]:
    """What the generator tells, and looks at the instances meanwhile, with their times."""
    asked, answers = root / "plan.json", root / "answers.json"
    asked.write_text(json.dumps([asdict(each) for each in plan]))
    until = time.monotonic() + plan[-1].at + _GRACE_S
    words = [sys.executable, "-m", "bench.flash_client", *map(str, (asked, answers, cloud.port))]
    looks = []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as generator:
        try:
            while generator.poll() is None:
                if time.monotonic() > until:
                    raise PlatformError("the generator did not end; the shop hangs, or the machine")
                at = time.monotonic()
                looks.append((at, ask(cloud.places, "describe")["instances"]))
                time.sleep(max(0.0, at + _LOOKS_S - time.monotonic()))
        finally:
            generator.kill()
    if generator.returncode:
        raise PlatformError(f"the generator of requests ended with {generator.returncode}")
    return json.loads(answers.read_text()), looks


def _one_by_one() -> list[Visit]:
    """Every kind of request, some of them after the order that they are about."""
    kinds = [each for each in flash_plan.ROUTES if each not in flash_plan.FOLLOWING]
    visits: list[Visit] = []
    for _ in range(_ALONE):
        for route in kinds:
            again = _MANY if route in (flash_plan.PAGE, flash_plan.PRODUCT) else 1
            visits += [Visit(0.0, route)] * again
            if route == flash_plan.ORDER:
                order = len(visits) - 1
                visits += [Visit(0.0, following, order) for following in flash_plan.FOLLOWING]
    return visits


def _send(guest: Shop, plan: Sequence[Asked]) -> None:
    """Each after the answer to the one before."""
    answers: list[Any] = []
    for each in plan:
        path = each.path
        if each.order >= 0:
            order = answers[each.order]
            path = path.format(order=order["order"], page=order["payment"]["client"]["url"])
        method = each.route.partition(" ")[0]
        status = flash_plan.ROUTES[each.route]
        answers.append(guest.expect(status, method, path, each.body.encode(), each.headers))


def _start_s(places: Places, function: str) -> float:
    """What it takes to have a first instance of a function, as a new revision has it."""
    took = []
    for number in range(_STARTS):
        spec = ask(places, "describe")["functions"][function]
        began = time.monotonic()
        ask(places, "put_function", spec={**spec, "fingerprint": f"{number:064x}"})
        took.append(time.monotonic() - began)
    return median(took)


def _lines(places: Places, since: float = 0.0) -> list[Line]:
    time.sleep(_SETTLE_S)
    return flash_log.lines(places.log.read_bytes(), since)


def _cpu_s(cloud: Cloud) -> float:
    """Of the supervisor and all below, of what has ended meanwhile too."""
    found = usage.of([cloud.supervisor, *usage.descendants(cloud.supervisor, usage.children())])
    return found.cpu_s + found.reaped_s
