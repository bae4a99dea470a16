"""What is watched, as plain data: one alarm for each thing that somebody would have to look at.

CloudMonitor tells nothing of what sends no numbers at all: that a schedule does not run any more
`not_run` sees, by the log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infra.alicloud.names import Names
from infra.checks.deployed import FAILED
from infra.model import Function, Platform

PERIOD_S: Final = 300

_SLOW: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Rings when the statistic of a metric was over the threshold for PERIOD_S seconds.

    `service` is CloudMonitor's word for what keeps the metric of the thing with these dimensions.
    """

    name: str
    service: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Sum", "Average", "Maximum"] = "Sum"
    threshold: float = 0


def alarms(platform: Platform, names: Names, region: str) -> tuple[Alarm, ...]:
    """All alarms of a platform, each with a name of its own."""
    return (
        *(
            alarm
            for each in platform.functions
            for alarm in _function(each, platform, names, region)
        ),
        *_dead_letters(platform, names, region),
    )


def _function(function: Function, platform: Platform, names: Names, region: str) -> Iterator[Alarm]:
    here = {"region": region, "functionName": names.of(function.name)}
    for name, metric in (
        # an exception, the time-out, too much memory
        ("errors", "FunctionFunctionErrors"),
        # no more instances of it may run: max_instances, or the account's
        ("throttles", "FunctionConcurrencyThrottles"),
        ("account-throttles", "FunctionResourceThrottles"),
        # Function Compute itself failed
        ("faults", "FunctionServerErrors"),
    ):
        yield Alarm(
            name=f"function-{function.name}-{name}",
            service="acs_fc",
            metric=metric,
            dimensions=here,
        )
    # one call in a hundred is about to be ended by the time-out
    yield Alarm(
        name=f"function-{function.name}-slow",
        service="acs_fc",
        metric="FunctionP99Duration",
        dimensions=here,
        statistic="Average",
        threshold=_SLOW * function.timeout_s * 1000,
    )
    if platform.trigger(function.name) == "http":
        yield Alarm(
            name=f"function-{function.name}-5xx",
            service="acs_fc",
            metric="FunctionHTTPStatus5xx",
            dimensions=here,
        )


def _dead_letters(platform: Platform, names: Names, region: str) -> Iterator[Alarm]:
    found = [
        (f"queue-{each.name}-set-aside", names.dead_letters(each.name)) for each in platform.queues
    ]
    if platform.schedules:
        found.append(("calls-set-aside", names.of(FAILED)))
    for name, queue in found:
        yield Alarm(
            name=name,
            service="acs_mns_new",
            metric="ActiveMessages",
            dimensions={"region": region, "queue": queue},
            statistic="Maximum",
        )
