"""What is watched, as plain data: one alarm for each thing that somebody would have to look at.

Each metric of an alarm costs ten cents a month, so what another alarm tells has none of its own: a
fault of DynamoDB or SQS is an error of the function that calls it, or a 5xx.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pulumi

from infra.aws.names import FAILED, Names
from infra.checks.silence import MINUTE_S, silences
from infra.model import Action, Function, Platform, Table

_WINDOW_S: Final = 5 * MINUTE_S
_SLOW: Final = 0.8
_FEW_CALLS: Final = 20
_MOST_METRICS: Final = 10  # of one alarm, CloudWatch takes no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Numbers that AWS keeps of one thing; `statistic` is Sum, Maximum … or p99."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Rings when the metric, or the expression over metrics m0, m1 …, is past the threshold.

    It has to be so in each of `periods` periods of `period_s` seconds. `meaning` and `first` say
    what happened and what to do first. `missing` says what no numbers at all mean.
    """

    name: str
    meaning: str
    first: str
    metrics: tuple[Metric, ...]
    expression: str | None = None
    threshold: float = 0
    below: bool = False
    period_s: int = _WINDOW_S
    periods: int = 1
    missing: Literal["notBreaching", "breaching", "ignore"] = "notBreaching"

    @property
    def description(self) -> str:
        """What stands in the message that it sends."""
        return f"{self.meaning} First: {self.first}"


def alarms(platform: Platform, names: Names, api_id: pulumi.Input[str]) -> tuple[Alarm, ...]:
    """All alarms of a platform, each with a name of its own; `api_id` is the HTTP API's."""
    return (
        *(alarm for each in platform.functions for alarm in _function(each, names)),
        *_dead_letters(platform, names),
        *_api(platform, api_id),
        *_schedules(platform, names),
        *(alarm for each in platform.tables for alarm in _table(each, platform, names)),
    )


def _function(function: Function, names: Names) -> Iterator[Alarm]:
    # by its name alone it counts every call, whichever version or alias was called
    dimensions = {"FunctionName": names.of(function.name)}
    longest = f"{function.timeout_s} s"
    for name, metric, threshold, meaning, first in (
        (
            "errors",
            Metric(namespace="AWS/Lambda", name="Errors", dimensions=dimensions),
            0.0,
            f"Calls of {function.name} ended by an exception or by the time-out of {longest}.",
            "read its log for the last error; if a deployment brought it, make rollback.",
        ),
        (
            "throttles",
            Metric(namespace="AWS/Lambda", name="Throttles", dimensions=dimensions),
            0.0,
            f"Calls of {function.name} were refused: no more instances of it may run.",
            (
                "see on the dashboard whether traffic grew or calls got slow; then raise "
                "max_instances, or lower the throttles of its routes."
            ),
        ),
        (
            "slow",
            Metric(namespace="AWS/Lambda", name="Duration", dimensions=dimensions, statistic="p99"),
            _SLOW * function.timeout_s * 1000,
            (
                f"One call in a hundred of {function.name} takes over {_SLOW:.0%} of {longest}, "
                "after which it is ended."
            ),
            "see whether a store answers slowly or is throttled; more memory_mb is also more CPU.",
        ),
    ):
        yield Alarm(
            name=f"function-{function.name}-{name}",
            metrics=(metric,),
            threshold=threshold,
            meaning=meaning,
            first=first,
        )


def _dead_letters(platform: Platform, names: Names) -> Iterator[Alarm]:
    found = [
        (
            f"queue-{each.name}-set-aside",
            names.dead_letters(each.name),
            f"Messages of {each.name} failed {each.max_attempts} times and were set aside.",
            f"read the log of {each.consumer} for why; mend it, then start a redrive of the queue.",
        )
        for each in platform.queues
    ]
    found.append(
        (
            "calls-set-aside",
            names.of(FAILED),
            "Calls that nobody waits for, those of schedules, failed in every attempt.",
            "read one of the queue's messages: it names the function; then that function's log.",
        )
    )
    for name, queue, meaning, first in found:
        yield Alarm(
            name=name,
            metrics=(
                Metric(
                    namespace="AWS/SQS",
                    name="ApproximateNumberOfMessagesVisible",
                    dimensions={"QueueName": queue},
                    statistic="Maximum",
                ),
            ),
            meaning=meaning,
            first=first,
            # a queue that nobody touches tells nothing: what was set aside is still there
            missing="ignore",
        )


def _api(platform: Platform, api_id: pulumi.Input[str]) -> Iterator[Alarm]:
    if not platform.routes:
        return
    counted = [
        Metric(namespace="AWS/ApiGateway", name=name, dimensions={"ApiId": api_id})
        for name in ("5xx", "Count")
    ]
    yield Alarm(
        name="api-5xx",
        metrics=tuple(counted),
        expression=f"IF(m1 >= {_FEW_CALLS}, 100 * m0 / m1, 0)",
        threshold=1,
        meaning="Of a hundred requests more than one got a 5xx.",
        first="see on the dashboard which function has errors or throttles at this time.",
    )


def _schedules(platform: Platform, names: Names) -> Iterator[Alarm]:
    for function, silence in silences(platform).items():
        yield Alarm(
            name=f"schedule-{function}-not-run",
            metrics=(
                Metric(
                    namespace="AWS/Lambda",
                    name="Invocations",
                    dimensions={"FunctionName": names.of(function)},
                ),
            ),
            threshold=1,
            below=True,
            period_s=silence.period_s,
            periods=silence.periods,
            missing="breaching",
            meaning=f"{function} was not called for {silence}. It rings too until its first run.",
            first="see in EventBridge whether its rule is enabled and may call the function.",
        )


def _table(table: Table, platform: Platform, names: Names) -> Iterator[Alarm]:
    """One alarm, or one for reads and one for writes where one cannot count all of the indexes."""
    granted: set[Action] = set()
    for grant in platform.grants:
        if (grant.kind, grant.resource) == ("table", table.name):
            granted |= grant.actions
    here = {"TableName": names.of(table.name)}
    # DynamoDB counts an index by itself
    places = [here, *({**here, "GlobalSecondaryIndexName": each.name} for each in table.indexes)]
    found = {
        action: tuple(
            Metric(namespace="AWS/DynamoDB", name=metric, dimensions=place) for place in places
        )
        for action, metric in (("read", "ReadThrottleEvents"), ("write", "WriteThrottleEvents"))
        if action in granted
    }
    if len(found) * len(places) <= _MOST_METRICS:
        watched = [("throttled", tuple(found))]
    else:
        watched = [(f"{action}s-throttled", (action,)) for action in found]
    for kind, actions in watched:
        if actions:
            yield Alarm(
                name=f"table-{table.name}-{kind}",
                metrics=tuple(metric for action in actions for metric in found[action]),
                expression="SUM(FILL(METRICS(), 0))",
                meaning=f"DynamoDB refused to {' or '.join(actions)} rows of {table.name}: too "
                "many at once.",
                first="compare the units on the dashboard with the cap: at the cap raise "
                f"{' or '.join(f'max_{each}s' for each in actions)}, below it one key gets most of "
                "the calls.",
            )
