"""What a stack's traffic demands of its parts: rates, work in flight, units of tables.

The peak is shared out among the routes; each request brings what was measured of it, and so do the
messages that it sends, and those that they send. Rates are in requests/s, times in seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from infra import capacity
from infra.errors import Problem, Refused
from infra.measured import Cost, Measured
from infra.model import Function, Platform, Schedule
from infra.settings_report import spelled
from infra.settings_traffic import Traffic
from infra.shop_traffic import MIX

Seconds = Callable[[Function, Cost], float]
"""The target's service time: what a call of such a cost takes a function, in seconds."""

_GENERATIONS: Final = 50  # of messages that were sent by messages
_NEGLIGIBLE: Final = 1e-9  # messages/s
_SHORTEST_S: Final = 1e-6  # no call takes less


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """So many calls a second, and what one takes on average."""

    rate: float
    service_s: float

    @property
    def work(self) -> float:
        """T = λW, in calls in flight."""
        return capacity.work_in_flight(self.rate, self.service_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """A table's units a second, and those of a single request or message, by route and queue."""

    reads: float = 0.0
    writes: float = 0.0
    reads_each: Mapping[str, float] = field(default_factory=dict)
    writes_each: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the peak demands, by names: nothing stands for what it does not reach."""

    routes: Mapping[str, float]
    functions: Mapping[str, Work]
    queues: Mapping[str, Work]
    tables: Mapping[str, Units]


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls of one kind: of a function, so many a second, each at that cost and time."""

    function: str
    rate: float
    cost: Cost
    seconds: float
    run: bool


def demand(
    platform: Platform,
    traffic: Traffic,
    measured: Measured,
    seconds: Seconds,
    source: str = "traffic",
) -> Demand:
    """What `traffic` demands of the platform.

    Raises Refused, naming `source`, with each route that has a share and was never measured, and
    each queue that gets messages and was not.
    """
    routes = _shared_out(platform, traffic, source)
    functions = {each.name: each for each in platform.functions}
    called = {each.key: functions[each.function] for each in platform.routes}
    missing = [_unmeasured(key) for key in routes if key not in measured.requests]
    runs = {each.name: each for each in platform.schedules if each.name in measured.runs}
    base = [
        *(
            (rate, measured.requests[key])
            for key, rate in routes.items()
            if key in measured.requests
        ),
        *((1 / _period_s(each), measured.runs[name]) for name, each in runs.items()),
    ]
    consumed = {each.name: functions[each.consumer] for each in platform.queues}
    messages = _messages(_sent(base, consumed), consumed, measured, source)
    missing += [_unheard(name) for name in messages if name not in measured.messages]
    if missing:
        raise Refused(source, missing)

    def calls(function: Function, rate: float, cost: Cost, *, run: bool = False) -> _Calls:
        return _Calls(function.name, rate, cost, max(_SHORTEST_S, seconds(function, cost)), run)

    requests = {key: measured.requests[key] for key in routes}
    single = {**requests, **{name: measured.messages[name] for name in messages}}
    of_queues = {
        name: calls(consumed[name], rate, measured.messages[name])
        for name, rate in messages.items()
    }
    every = [
        *(calls(called[key], rate, requests[key]) for key, rate in routes.items()),
        *of_queues.values(),
        *(
            calls(functions[each.function], 1 / _period_s(each), measured.runs[name], run=True)
            for name, each in runs.items()
        ),
    ]
    return Demand(
        routes=routes,
        functions={
            name: _work([each for each in every if each.function == name])
            for name in functions
            if any(each.function == name for each in every)
        },
        queues={name: _work([each]) for name, each in of_queues.items()},
        tables={each.name: _units(each.name, every, single) for each in platform.tables},
    )


def _shared_out(platform: Platform, traffic: Traffic, source: str) -> dict[str, float]:
    """Requests a second of each route that has a share."""
    mix = {**MIX, **traffic.mix}
    shares = {each.key: mix.get(each.key, 0.0) for each in platform.routes}
    total = sum(shares.values())
    if total == 0:
        nothing = "no route has a share of the requests, so nothing follows from them"
        raise Refused(source, [Problem("traffic.mix", "", nothing, "give a route a share")])
    return {key: traffic.peak * share / total for key, share in shares.items() if share}


def _period_s(schedule: Schedule) -> float:
    """The seconds between two runs; by a cron it may be as little as a minute."""
    return 60.0 * (schedule.every_minutes or 1)


def _sent(calls: Iterable[tuple[float, Cost]], queues: Iterable[str]) -> dict[str, float]:
    """Messages a second to each of these queues; those to none of them go nowhere."""
    sent = dict.fromkeys(queues, 0.0)
    for rate, cost in calls:
        for queue, number in cost.sends.items():
            if queue in sent:
                sent[queue] += rate * number
    return {queue: rate for queue, rate in sent.items() if rate > _NEGLIGIBLE}


def _messages(
    first: Mapping[str, float], queues: Iterable[str], measured: Measured, source: str
) -> dict[str, float]:
    """Messages a second to each queue, with those that messages send."""
    total = dict(first)
    flow = dict(first)
    for _ in range(_GENERATIONS):
        costs = [
            (rate, measured.messages[queue])
            for queue, rate in flow.items()
            if queue in measured.messages
        ]
        flow = _sent(costs, queues)
        if not flow:
            return total
        for queue, rate in flow.items():
            total[queue] = total.get(queue, 0.0) + rate
    endless = "by what was measured each message there leads to another one, without an end"
    problems = [
        Problem(f"queues.{queue}", "", endless, "see what sends them, then run make measure")
        for queue in flow
    ]
    raise Refused(source, problems)


def _unmeasured(route: str) -> Problem:
    return Problem(
        spelled(("traffic", "mix", route)),
        "",
        "this route was never measured, so what a request of it takes is not known",
        "run make measure, or give it a share of 0: then its limits stay as declared",
    )


def _unheard(queue: str) -> Problem:
    return Problem(
        spelled(("queues", queue)),
        "",
        "messages are sent to it, and what one takes was never measured",
        "run make measure",
    )


def _work(calls: list[_Calls]) -> Work:
    """All of a function's calls as one kind, of the mean time."""
    rate = sum(each.rate for each in calls)
    return Work(rate=rate, service_s=sum(each.rate * each.seconds for each in calls) / rate)


def _units(table: str, calls: list[_Calls], single: Mapping[str, Cost]) -> Units:
    """A run is at its units all at once, and for as long as it takes; requests spread theirs."""
    return Units(
        reads=sum(_a_second(each) * each.cost.reads.get(table, 0.0) for each in calls),
        writes=sum(_a_second(each) * each.cost.writes.get(table, 0.0) for each in calls),
        reads_each={key: cost.reads[table] for key, cost in single.items() if table in cost.reads},
        writes_each={
            key: cost.writes[table] for key, cost in single.items() if table in cost.writes
        },
    )


def _a_second(calls: _Calls) -> float:
    return 1 / max(1.0, calls.seconds) if calls.run else calls.rate
