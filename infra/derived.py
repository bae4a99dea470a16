"""The limits that follow from demand, each with its reason; what a stack states by hand wins.

    function behind routes   max_instances   the least N that refuses the goal's share at T = λW
                             min_instances   M = T/U of quiet times, or what starts too slowly
    queue                    max_concurrency the least N with which few messages wait too long
    route                    rate, burst     λ/U, and what comes in one second by chance
    table                    max_reads, …    units/U, or what a route's burst or a queue's consumers
                                             take

N and the burst grow with the peakedness (`capacity.least_peaked`). Functions that run by the clock,
and whatever no request reaches, keep what is declared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from infra import capacity, limits
from infra.capacity import StartRate
from infra.demand import Demand, Units, Work
from infra.digits import number, percent
from infra.model import Function, Platform, Queue, Route, Table
from infra.settings_traffic import Traffic

_WINDOW_S: Final = 1.0  # what a burst comes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What demand asks of one limit: `path` as the settings name it, `reason` in one line.

    `stated` is what the stack states by hand instead; None: it states nothing, and `value` holds.
    """

    path: str
    value: int
    reason: str
    stated: int | None = None

    @property
    def holds(self) -> int:
        """The number that is in force."""
        return self.value if self.stated is None else self.stated

    def __str__(self) -> str:
        """One line for people."""
        if self.stated is None:
            return f"{self.path} = {self.value}: {self.reason}"
        return f"{self.path}, stated: {self.stated}; demand asks {self.value}: {self.reason}"


def derive(
    platform: Platform,
    traffic: Traffic,
    wanted: Demand,
    stated: Mapping[str, int],
    starts: StartRate,
) -> tuple[Limit, ...]:
    """Every limit that `wanted` has something to say of.

    `stated` has what the stack states by hand, by path; `starts` is how fast the provider starts
    instances.
    """
    maker = _Maker(traffic, wanted, stated, starts)
    queues = {each.name: tuple(maker.queue(each)) for each in platform.queues}
    routes = {each.key: tuple(maker.route(each)) for each in platform.routes}
    at_once = {key: float(found[-1].holds) for key, found in routes.items() if found}
    for name, (most, *_) in ((name, found) for name, found in queues.items() if found):
        at_once[name] = most.holds / wanted.queues[name].service_s  # as fast as they can
    runs = [each for each in platform.schedules if each.function in wanted.functions]
    if traffic.store_ms:  # a run with much to do: one call after the other
        at_once |= {each.name: 1000 / traffic.store_ms for each in runs}
    return (
        *(one for each in platform.functions for one in maker.function(each, platform, queues)),
        *(one for each in queues.values() for one in each),
        *(one for each in routes.values() for one in each),
        *(one for each in platform.tables for one in maker.table(each, at_once, platform)),
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the limits of one thing after another."""

    traffic: Traffic
    wanted: Demand
    stated: Mapping[str, int]
    starts: StartRate

    def function(
        self, function: Function, platform: Platform, queues: Mapping[str, tuple[Limit, ...]]
    ) -> Iterator[Limit]:
        work = self.wanted.functions.get(function.name)
        if work is None:
            return
        match platform.trigger(function.name):
            case "http":
                most = self._instances(function, work)
                yield most
                yield from self._ready(function, work, most.holds)
            case "queue":
                yield from self._consumers(function, platform, queues)

    def _instances(self, function: Function, work: Work) -> Limit:
        goal, load, waits = self.traffic.goal, work.work, function.scaling.queue_ms
        if waits:
            wait_s = waits / 1000
            least = capacity.least_waiting(load, work.service_s, wait_s, goal.refused)
            chance = capacity.waits_longer(load, least, work.service_s, wait_s)
            how = f"let {percent(chance)} wait over {waits} ms (Erlang C)"
            carried = capacity.carried_waiting(least, work.service_s, wait_s, goal.refused)
        else:
            least = capacity.least_refusing(load, goal.refused)
            how = f"refuse {percent(capacity.refused(load, least))} (Erlang B)"
            carried = capacity.carried_refusing(least, goal.refused)
        value = capacity.least_peaked(least, carried, self.traffic.peakedness)
        reason = f"{_in_flight(work)}: {least} {how}{self._for_bursts(value, least)}"
        path = f"functions.{function.name}.max_instances"
        most = (limits.INSTANCES[-1], "no function has more")
        return self._limit(path, value, reason, _kept(function), most)

    def _ready(self, function: Function, work: Work, most: int) -> Iterator[Limit]:
        """None for quiet times, and none where what starts is a snapshot."""
        traffic, scheduled = self.traffic, function.scaling.scheduled
        quiet = Work(rate=work.rate * traffic.quiet / traffic.peak, service_s=work.service_s)
        used = capacity.instances_for_use(quiet.work, traffic.goal.used)
        in_time = int(self.starts.at_once + self.starts.per_s * traffic.rise_s)
        late = max(0, most - in_time)
        path = f"functions.{function.name}.min_instances"
        if function.scaling.snap_start or not (used or late or path in self.stated):
            return
        if late > used:
            reason = f"of {most} the provider starts {in_time} in {number(traffic.rise_s)} s"
        else:
            reason = f"quiet T = {_in_flight(quiet)[4:]}, used {percent(traffic.goal.used)}"
        least = min((each.min_instances for each in scheduled), default=most)
        above = (most, "no more may run") if most <= least else (least, "scheduled keeps as few")
        below = (1, "what is scheduled comes on top of one") if scheduled else (0, "")
        yield self._limit(path, max(used, late), reason, below, above)

    def _consumers(
        self, function: Function, platform: Platform, queues: Mapping[str, tuple[Limit, ...]]
    ) -> Iterator[Limit]:
        own = [each for each in platform.queues if each.consumer == function.name]
        if not any(queues[each.name] for each in own):
            return
        at_once = {
            each.name: sum(one.holds for one in queues[each.name]) or each.max_concurrency
            for each in own
        }
        shown = ", ".join(f"{name} {number}" for name, number in at_once.items())
        reason = f"as many as its queues let work at once: {shown}"
        most = (limits.INSTANCES[-1], "no function has more")
        path = f"functions.{function.name}.max_instances"
        yield self._limit(path, sum(at_once.values()), reason, _kept(function), most)

    def queue(self, queue: Queue) -> Iterator[Limit]:
        work, goal = self.wanted.queues.get(queue.name), self.traffic.goal
        if work is None:
            return
        wait_s = goal.wait_ms / 1000
        value = capacity.least_waiting(work.work, work.service_s, wait_s, goal.late)
        chance = capacity.waits_longer(work.work, value, work.service_s, wait_s)
        how = f"let {percent(chance)} wait over {number(goal.wait_ms)} ms (Erlang C)"
        fewest, most = limits.CONSUMERS.start, limits.CONSUMERS[-1]
        bounds = [(fewest, "a queue has no fewer consumers"), (most, "a queue has no more")]
        held = self.stated.get(f"functions.{queue.consumer}.max_instances")
        if held is not None and held >= fewest:
            bounds[1] = (min(held, most), f"{queue.consumer} may run no more")
        path = f"queues.{queue.name}.max_concurrency"
        yield self._limit(path, value, f"{_in_flight(work)}: {value} {how}", *bounds)

    def route(self, route: Route) -> Iterator[Limit]:
        wanted = self.wanted.routes.get(route.key)
        if wanted is None:
            return
        goal, path = self.traffic.goal, f"routes.{route.key}"
        rate = capacity.instances_for_use(wanted, goal.used)
        shown = f"{number(wanted)}/s"
        first, last = limits.RATE.start, limits.RATE[-1]
        reason = f"{shown} at the peak, used {percent(goal.used)}"
        bounds = ((first, "none passes less"), (last, "a region takes no more"))
        made = self._limit(f"{path}.rate", rate, reason, *bounds)
        yield made
        least = capacity.burst(made.value, _WINDOW_S, goal.refused)
        value = capacity.least_peaked(least, made.value * _WINDOW_S, self.traffic.peakedness)
        often = percent(goal.refused)
        reason = f"at {made.value}/s more than {least} come in a second {often} of the time"
        bounds = ((limits.BURST.start, ""), (limits.BURST[-1], "a region takes no more"))
        reason += self._for_bursts(value, least)
        yield self._limit(f"{path}.burst", value, reason, *bounds)

    def table(
        self, table: Table, at_once: Mapping[str, float], platform: Platform
    ) -> Iterator[Limit]:
        """At least what a throttle lets through, a queue, or a run: to refuse it is of no use.

        `at_once` are a route's requests, a queue's messages, or a run's calls of stores, that may
        come in one second.
        """
        units = self.wanted.tables.get(table.name, Units())
        for key, action, wanted, measured in (
            ("max_reads", "read", units.reads, units.reads_each),
            ("max_writes", "write", units.writes, units.writes_each),
        ):
            if not wanted:
                continue
            used = self.traffic.goal.used
            least = capacity.instances_for_use(wanted, used)
            value = capacity.least_peaked(least, least * used, self.traffic.peakedness)
            reason = f"{number(wanted)} units/s, used {percent(used)}"
            may = {
                grant.function
                for grant in platform.grants
                if (grant.kind, grant.resource) == ("table", table.name) and action in grant.actions
            }
            runs = {each.name: 1.0 for each in platform.schedules if each.function in may}
            each = {**measured, **{name: one for name, one in runs.items() if name in at_once}}
            taken = {name: _up(at_once[name] * one) for name, one in each.items()}
            name = max(taken, key=lambda one: taken[one], default="")
            why = f"a burst of {name} takes"
            if name in self.wanted.queues:
                why = f"the consumers of {name} take"
            elif name in runs:
                why = f"a run of {name} takes, one after the other,"
            yield self._limit(
                f"tables.{table.name}.{key}",
                value,
                reason + self._for_bursts(value, least),
                (max(1, taken.get(name, 0)), f"{why} as many"),
                (limits.TABLE_UNITS[-1], "a table takes no more"),
            )

    def _for_bursts(self, value: int, least: int) -> str:
        peakedness = number(self.traffic.peakedness)
        return "" if value == least else f"; {value} for bursts (peakedness {peakedness})"

    def _limit(
        self, path: str, value: int, reason: str, least: tuple[int, str], most: tuple[int, str]
    ) -> Limit:
        """The limit in its bounds, each of which has a reason of its own; the upper one wins."""
        held = min(max(value, least[0]), most[0])
        if held != value:
            why = least[1] if held > value else most[1]
            reason += f"; {'at least' if held > value else 'at most'} {held}: {why}"
        return Limit(path=path, value=held, reason=reason, stated=self.stated.get(path))


def _kept(function: Function) -> tuple[int, str]:
    """What is kept ready by hand, as declared or by the clock: no fewer may run."""
    scaling = function.scaling
    kept = (scaling.min_instances, *(each.min_instances for each in scaling.scheduled))
    return max(1, *kept), "as many are kept ready"


def _in_flight(work: Work) -> str:
    rate, service_ms = number(work.rate), number(1000 * work.service_s)
    return f"T = {number(work.work)} in flight ({rate}/s of {service_ms} ms)"


def _up(value: float) -> int:
    return capacity.instances_for_share(value, 1)
