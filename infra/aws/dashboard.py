"""One page that shows how the shop is doing."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pulumi
from pulumi_aws import cloudwatch

from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.model import Function, Platform, Queue, Table

_WIDE: Final = 24
_HIGH: Final = 6
_PERIOD_S: Final = 60

Line = list[Any]
Widget = dict[str, Any]


class Dashboard(pulumi.ComponentResource):
    """CloudWatch's page of what each part of the shop does, beside what it may do at most.

    It owns no numbers: AWS counts them whether somebody looks or not.
    """

    def __init__(
        self,
        name: str,
        platform: Platform,
        shared: Shared,
        *,
        api_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Dashboard", name, None, opts)
        self.dashboard = cloudwatch.Dashboard(
            name,
            dashboard_name=shared.names.of("overview"),
            dashboard_body=pulumi.Output.from_input(api_id).apply(
                lambda found: json.dumps(body(platform, shared.names, shared.region, found))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.dashboard.dashboard_name})


def body(platform: Platform, names: Names, region: str, api_id: str) -> dict[str, Any]:
    """What CloudWatch takes as a dashboard: rows of widgets, from callers down to tables."""
    rows = [
        _api(api_id),
        *(_function(each, names) for each in platform.functions),
        *(_queue(each, names) for each in platform.queues),
        *(_table(each, names) for each in platform.tables),
    ]
    widgets = []
    for row, found in enumerate(rows):
        width = _WIDE // len(found)
        for column, widget in enumerate(found):
            widget["properties"]["region"] = region
            place = {"x": column * width, "y": row * _HIGH, "width": width, "height": _HIGH}
            widgets.append({**widget, **place})
    return {"widgets": widgets}


def _api(api_id: str) -> list[Widget]:
    of = ["ApiId", api_id]
    return [
        _widget("API: requests", [_line("AWS/ApiGateway", "Count", of)]),
        _widget(
            "API: refused and failed",
            [_line("AWS/ApiGateway", name, of) for name in ("4xx", "5xx")],
        ),
        _widget(
            "API: latency in ms",
            [
                _line("AWS/ApiGateway", "Latency", of, stat=stat, label=f"Latency {stat}")
                for stat in ("p50", "p99")
            ],
        ),
    ]


def _function(function: Function, names: Names) -> list[Widget]:
    of = ["FunctionName", names.of(function.name)]
    kinds = ("Invocations", "Errors", "Throttles")
    return [
        _widget(f"{function.name}: calls", [_line("AWS/Lambda", kind, of) for kind in kinds]),
        _widget(
            f"{function.name}: duration in ms",
            [
                _line("AWS/Lambda", "Duration", of, stat=stat, label=f"Duration {stat}")
                for stat in ("p50", "p99")
            ],
            caps={"time-out": function.timeout_s * 1000},
        ),
        _widget(
            f"{function.name}: instances",
            [_line("AWS/Lambda", "ConcurrentExecutions", of, stat="Maximum")],
            caps={"max_instances": function.scaling.max_instances},
        ),
    ]


def _queue(queue: Queue, names: Names) -> list[Widget]:
    of = ["QueueName", names.of(queue.name)]
    dead = ["QueueName", names.dead_letters(queue.name)]
    visible = "ApproximateNumberOfMessagesVisible"
    return [
        _widget(
            f"{queue.name}: messages",
            [
                _line("AWS/SQS", visible, of, stat="Maximum", label="waiting"),
                _line(
                    "AWS/SQS",
                    "ApproximateNumberOfMessagesNotVisible",
                    of,
                    stat="Maximum",
                    label="at work",
                ),
                _line("AWS/SQS", visible, dead, stat="Maximum", label="set aside"),
            ],
        ),
        _widget(
            f"{queue.name}: age of the oldest message in s",
            [_line("AWS/SQS", "ApproximateAgeOfOldestMessage", of, stat="Maximum")],
        ),
    ]


def _table(table: Table, names: Names) -> list[Widget]:
    places = {"": ["TableName", names.of(table.name)]}
    for index in table.indexes:
        places[f" {index.name}"] = [*places[""], "GlobalSecondaryIndexName", index.name]
    caps = {"max_reads": table.max_reads, "max_writes": table.max_writes}
    return [
        _widget(
            f"{table.name}: units a second",
            list(_a_second(places)),
            caps={name: cap for name, cap in caps.items() if cap is not None},
        ),
        _widget(
            f"{table.name}: throttled",
            [
                _line("AWS/DynamoDB", f"{kind}ThrottleEvents", of, label=f"{kind}{place}")
                for kind in ("Read", "Write")
                for place, of in places.items()
            ],
        ),
    ]


def _a_second(places: dict[str, list[str]]) -> Iterator[Line]:
    """Units that were used, which DynamoDB counts by the minute, as the caps count them."""
    for kind in ("Read", "Write"):
        for number, (place, of) in enumerate(places.items()):
            key = f"{kind.lower()}{number}"
            yield _line("AWS/DynamoDB", f"Consumed{kind}CapacityUnits", of, id=key, visible=False)
            yield [{"expression": f"{key} / PERIOD({key})", "label": f"{kind}{place}"}]


def _line(namespace: str, name: str, of: Sequence[str], **look: Any) -> Line:
    return [namespace, name, *of, *([look] if look else [])]


def _widget(title: str, lines: Sequence[Line], caps: dict[str, int] | None = None) -> Widget:
    shown = {
        "title": title,
        "view": "timeSeries",
        "stat": "Sum",
        "period": _PERIOD_S,
        "metrics": list(lines),
    }
    if caps:
        shown["annotations"] = {
            "horizontal": [{"label": label, "value": value} for label, value in caps.items()]
        }
    return {"type": "metric", "properties": shown}
