"""One page shows each part of the shop beside what it may do at most."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from infra.aws.dashboard import body
from infra.aws.names import Names
from infra.model import Platform, Scaling
from tests.unit.sound_shop import SHOP


def page(platform: Platform = SHOP) -> dict[str, Any]:
    """The dashboard, as CloudWatch gets it."""
    found: dict[str, Any] = json.loads(
        json.dumps(body(platform, Names("dev"), "eu-central-1", "api1"))
    )
    return found


def titled(title: str, platform: Platform = SHOP) -> dict[str, Any]:
    """What one widget shows."""
    (found,) = [
        each["properties"]
        for each in page(platform)["widgets"]
        if each["properties"]["title"] == title
    ]
    shown: dict[str, Any] = found
    return shown


def lines(shown: dict[str, Any]) -> Iterator[list[str]]:
    """A widget's metrics without how they look."""
    for line in shown["metrics"]:
        yield [part for part in line if isinstance(part, str)]


def caps(shown: dict[str, Any]) -> dict[str, int]:
    """The lines that stand for limits."""
    horizontal = shown.get("annotations", {}).get("horizontal", [])
    return {each["label"]: each["value"] for each in horizontal}


def test_every_part_of_the_shop_has_a_row() -> None:
    titles = [each["properties"]["title"] for each in page()["widgets"]]
    assert len(set(titles)) == len(titles)
    assert {title.partition(":")[0] for title in titles} == {
        "API",
        "orders",
        "order-mail",
        "sweep",
        "mails",
        "sessions",
    }
    assert len(titles) == 3 + 3 * 3 + 2 + 2 * 2


def test_widgets_fill_the_page_and_none_lies_on_another() -> None:
    taken = {
        (each["x"] + x, each["y"] + y)
        for each in page()["widgets"]
        for x in range(each["width"])
        for y in range(each["height"])
    }
    assert len(taken) == sum(each["width"] * each["height"] for each in page()["widgets"])
    assert {x for x, _ in taken} == set(range(24))


def test_every_widget_names_its_region() -> None:
    """Without it CloudWatch shows nothing."""
    for each in page()["widgets"]:
        assert (each["type"], each["properties"]["region"]) == ("metric", "eu-central-1")


def test_the_api_shows_requests_failures_and_latency() -> None:
    shown = [titled(f"API: {title}") for title in ("requests", "refused and failed")]
    assert [line for each in shown for line in lines(each)] == [
        ["AWS/ApiGateway", name, "ApiId", "api1"] for name in ("Count", "4xx", "5xx")
    ]
    latency = titled("API: latency in ms")["metrics"]
    assert [(line[1], line[-1]["stat"]) for line in latency] == [
        ("Latency", "p50"),
        ("Latency", "p99"),
    ]


def test_a_function_shows_its_calls_and_how_near_it_is_to_its_limits() -> None:
    first, *rest = SHOP.functions
    sized = replace(first, timeout_s=7, scaling=Scaling(max_instances=33))
    platform = replace(SHOP, functions=(sized, *rest))
    of = ["FunctionName", "shop-dev-orders"]
    assert list(lines(titled("orders: calls", platform))) == [
        ["AWS/Lambda", name, *of] for name in ("Invocations", "Errors", "Throttles")
    ]
    duration = titled("orders: duration in ms", platform)
    assert list(lines(duration)) == [["AWS/Lambda", "Duration", *of]] * 2
    assert caps(duration) == {"time-out": 7000}
    instances = titled("orders: instances", platform)
    assert list(lines(instances)) == [["AWS/Lambda", "ConcurrentExecutions", *of]]
    assert instances["metrics"][0][-1] == {"stat": "Maximum"}
    assert caps(instances) == {"max_instances": 33}


def test_a_queue_shows_its_depth_its_dead_letters_and_its_age() -> None:
    depth = "ApproximateNumberOfMessages"
    assert list(lines(titled("mails: messages"))) == [
        ["AWS/SQS", f"{depth}Visible", "QueueName", "shop-dev-mails"],
        ["AWS/SQS", f"{depth}NotVisible", "QueueName", "shop-dev-mails"],
        ["AWS/SQS", f"{depth}Visible", "QueueName", "shop-dev-mails-dead"],
    ]
    assert list(lines(titled("mails: age of the oldest message in s"))) == [
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "shop-dev-mails"]
    ]


def test_a_table_shows_units_a_second_beside_its_caps_and_its_indexes_too() -> None:
    """DynamoDB counts units by the minute, and an index by itself."""
    first, *rest = SHOP.tables
    platform = replace(SHOP, tables=(replace(first, max_reads=5, max_writes=3), *rest))
    shown = titled("orders: units a second", platform)
    of = ["TableName", "shop-dev-orders"]
    index = [*of, "GlobalSecondaryIndexName", "by_user"]
    counted = {line[-1]["id"]: line[:-1] for line in shown["metrics"] if "id" in line[-1]}
    assert counted == {
        "read0": ["AWS/DynamoDB", "ConsumedReadCapacityUnits", *of],
        "read1": ["AWS/DynamoDB", "ConsumedReadCapacityUnits", *index],
        "write0": ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", *of],
        "write1": ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", *index],
    }
    rates = [line[0] for line in shown["metrics"] if isinstance(line[0], dict)]
    assert [each["expression"] for each in rates] == [f"{key} / PERIOD({key})" for key in counted]
    assert caps(shown) == {"max_reads": 5, "max_writes": 3}
    throttled = list(lines(titled("orders: throttled", platform)))
    assert throttled == [
        ["AWS/DynamoDB", f"{kind}ThrottleEvents", *place]
        for kind in ("Read", "Write")
        for place in (of, index)
    ]


def test_a_table_without_caps_shows_none() -> None:
    assert caps(titled("sessions: units a second")) == {}
