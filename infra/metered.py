"""What metered calls took, as means of each route, message and run; pure.

lines of a log → rounds of `Metered` → `means` → the text of stacks/measured.yaml, which
infra/measured.py reads.

Units, calls and messages are means over all calls. Times are the median of the rounds' own means,
since a machine has other things to do now and then; a round asks for everything in the same mix.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, Literal

from infra.measured import Cost, Measured
from infra.model import Platform

Section = Literal["requests", "messages", "runs"]
Trigger = Literal["http", "queue", "schedule"]

_SECTIONS: Final[Mapping[Trigger, Section]] = {
    "http": "requests",
    "queue": "messages",
    "schedule": "runs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One call as app/metering.py tells of it: `count` messages of a batch, otherwise 1.

    `of` is a route's key, the function that consumes a queue, or a schedule's name. Times are in
    ms, units by table, `sends` messages by queue.
    """

    trigger: Trigger
    of: str
    count: int
    compute_ms: float
    store_ms: float
    calls: int
    reads: Mapping[str, int] = field(default_factory=dict)
    writes: Mapping[str, int] = field(default_factory=dict)
    sends: Mapping[str, int] = field(default_factory=dict)


def metered(line: bytes) -> Metered | None:
    """What a line of the local cloud's log tells of a call, if it tells of one."""
    if b"metered" not in line:
        return None
    try:
        found: Any = json.loads(json.loads(line)["text"])["metered"]
        return Metered(**found)
    except (ValueError, KeyError, TypeError):
        return None  # something else that a function printed


def means(platform: Platform, rounds: Sequence[Iterable[Metered]]) -> Measured:
    """The means over the rounds."""
    found: dict[Section, dict[str, list[list[Metered]]]]
    found = {section: defaultdict(list) for section in _SECTIONS.values()}
    for each in rounds:
        here: dict[tuple[Section, str], list[Metered]] = defaultdict(list)
        for call in each:
            for name in _names(platform, call):
                here[_SECTIONS[call.trigger], name].append(call)
        for (section, name), calls in here.items():
            found[section][name].append(calls)
    return Measured(
        **{
            section: {name: _mean(calls) for name, calls in sorted(named.items())}
            for section, named in found.items()
        }
    )


def missing(platform: Platform, found: Measured) -> list[str]:
    """What of the platform was not measured, by section and name."""
    named: Mapping[Section, Iterable[str]] = {
        "requests": [each.key for each in platform.routes],
        "messages": [each.name for each in platform.queues],
        "runs": [each.name for each in platform.schedules],
    }
    return [
        f"{section}: {name}"
        for section, names in named.items()
        for name in names
        if name not in getattr(found, section)
    ]


def written(found: Measured, comment: str) -> str:
    """The file's text, sorted, so that the same is written the same; `comment` stands above it."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    for section in _SECTIONS.values():
        named: Mapping[str, Cost] = getattr(found, section)
        lines.append(f"{section}:" if named else f"{section}: {{}}")
        lines += [f"  {name}: {_flow(cost.model_dump())}" for name, cost in sorted(named.items())]
    return "\n".join(lines) + "\n"


def _names(platform: Platform, call: Metered) -> Iterator[str]:
    """What a call stands under; one of a queue names its consumer, which may have two queues."""
    if call.trigger != "queue":
        yield call.of
        return
    yield from (each.name for each in platform.queues if each.consumer == call.of)


def _mean(rounds: Sequence[Sequence[Metered]]) -> Cost:
    calls = [call for each in rounds for call in each]
    count = sum(call.count for call in calls)

    def units(name: str) -> dict[str, float]:
        sums: Counter[str] = Counter()
        for call in calls:
            sums.update(getattr(call, name))
        return {key: round(sums[key] / count, 2) for key in sorted(sums)}

    def ms(name: str) -> float:
        of_rounds: list[float] = [
            sum(getattr(call, name) for call in each) / sum(call.count for call in each)
            for each in rounds
        ]
        return round(median(of_rounds), 3)

    return Cost(
        count=count,
        compute_ms=ms("compute_ms"),
        store_ms=ms("store_ms"),
        calls=round(sum(call.calls for call in calls) / count, 2),
        reads=units("reads"),
        writes=units("writes"),
        sends=units("sends"),
    )


def _flow(values: Mapping[str, Any]) -> str:
    """A mapping as YAML in one line."""
    parts = (
        f"{name}: {_flow(value) if isinstance(value, Mapping) else value}"
        for name, value in values.items()
    )
    return "{" + ", ".join(parts) + "}"
