"""A platform with the limits that were derived for it, and what a preview tells of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from infra.derived import Limit
from infra.model import Function, Platform, Queue, Route, Table, Throttle


def limited(platform: Platform, found: Iterable[Limit]) -> Platform:
    """The platform with these limits, but for those that the stack states: it has them already."""
    values = {each.path: each.value for each in found if each.stated is None}

    def function(each: Function) -> Function:
        path, scaling = f"functions.{each.name}", each.scaling
        return replace(
            each,
            scaling=replace(
                scaling,
                min_instances=values.get(f"{path}.min_instances", scaling.min_instances),
                max_instances=values.get(f"{path}.max_instances", scaling.max_instances),
            ),
        )

    def route(each: Route) -> Route:
        path, own = f"routes.{each.key}", each.throttle
        rate, burst = values.get(f"{path}.rate", own.rate), values.get(f"{path}.burst", own.burst)
        return replace(each, throttle=Throttle(rate=rate, burst=burst))

    def table(each: Table) -> Table:
        path = f"tables.{each.name}"
        return replace(
            each,
            max_reads=values.get(f"{path}.max_reads", each.max_reads),
            max_writes=values.get(f"{path}.max_writes", each.max_writes),
        )

    def queue(each: Queue) -> Queue:
        at_once = values.get(f"queues.{each.name}.max_concurrency", each.max_concurrency)
        return replace(each, max_concurrency=at_once)

    return replace(
        platform,
        functions=tuple(map(function, platform.functions)),
        routes=tuple(map(route, platform.routes)),
        tables=tuple(map(table, platform.tables)),
        queues=tuple(map(queue, platform.queues)),
    )


def told(found: Collection[Limit], unheld: Mapping[str, str]) -> str:
    """What a preview tells of them: a line each, but for those that the target does not hold.

    `unheld` has the reasons, by kind of limit.
    """
    held = [str(each) for each in found if kind(each) not in unheld]
    return "\n".join(["Limits that follow from the stated traffic:", *held, *idle(found, unheld)])


def idle(found: Collection[Limit], unheld: Mapping[str, str]) -> list[str]:
    """For each reason a line that names the kinds of limits of which nothing comes."""
    derived = {kind(each) for each in found}
    named: dict[str, list[str]] = {}
    for each, why in unheld.items():
        if each in derived:
            named.setdefault(why, []).append(each)
    return [f"Nothing comes of {', '.join(kinds)} here: {why}." for why, kinds in named.items()]


def kind(limit: Limit) -> str:
    """What a limit is one of, as targets name what they do not carry out: `tables.max_reads`."""
    thing, _, rest = limit.path.partition(".")
    return f"{'throttle' if thing == 'routes' else thing}.{rest.rpartition('.')[2]}"
