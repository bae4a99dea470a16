"""What watches the shop on AWS, and whom it tells, is declared as the settings say."""

import json
from functools import cache
from typing import Any

import pulumi

from infra.aws.alarms import Alarms
from infra.aws.budget import Budget
from infra.aws.dashboard import Dashboard
from infra.aws.shared import Shared
from tests.support.component import REGION, TAGS, Made, made
from tests.unit.sound_shop import SHOP

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


@cache
def watch(**stated: Any) -> Made:
    """The alarms of a sound shop; declared once for all tests, which only look at them."""

    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        alarms = Alarms("it", SHOP, shared, api_id=pulumi.Output.from_input("api1"), opts=opts)
        return {"topic": alarms.topic.arn}

    return made(build, **stated)


def test_every_alarm_tells_the_topic() -> None:
    found = watch()
    named = [each for each in found.declared.resources if each.typ == ALARM]
    assert len(named) == 15
    for each in named:
        assert each.inputs["alarmActions"] == [found.told["topic"]]
        assert each.inputs["name"] == f"shop-dev-{each.name}"
        assert " First: " in each.inputs["alarmDescription"]
        assert each.inputs["tags"] == TAGS


def test_an_alarm_of_one_metric_states_it_and_its_statistic() -> None:
    errors = watch().declared.inputs(ALARM, "function-orders-errors")
    assert (errors["namespace"], errors["metricName"]) == ("AWS/Lambda", "Errors")
    assert errors["dimensions"] == {"FunctionName": "shop-dev-orders"}
    assert (errors["statistic"], errors["period"], errors["evaluationPeriods"]) == ("Sum", 300, 1)
    assert (errors["comparisonOperator"], errors["threshold"]) == ("GreaterThanThreshold", 0)
    assert errors["treatMissingData"] == "notBreaching"
    slow = watch().declared.inputs(ALARM, "function-orders-slow")
    assert slow["extendedStatistic"] == "p99"
    assert "statistic" not in slow
    silent = watch().declared.inputs(ALARM, "schedule-sweep-not-run")
    assert (silent["comparisonOperator"], silent["threshold"]) == ("LessThanThreshold", 1)
    assert silent["treatMissingData"] == "breaching"


def test_an_alarm_of_several_metrics_states_what_it_makes_of_them() -> None:
    failing = watch().declared.inputs(ALARM, "api-5xx")
    assert "metricName" not in failing
    found, *metrics = failing["metricQueries"]
    assert found["expression"] == "IF(m1 >= 20, 100 * m0 / m1, 0)"
    assert found["returnData"] is True
    assert [(each["id"], each["metric"]["metricName"]) for each in metrics] == [
        ("m0", "5xx"),
        ("m1", "Count"),
    ]
    for each in metrics:
        assert each["metric"]["dimensions"] == {"ApiId": "api1"}
        assert (each["metric"]["period"], each["metric"]["stat"]) == (300, "Sum")


def test_only_cloudwatch_and_budgets_of_the_own_account_tell_the_topic_something() -> None:
    found = watch()
    topic = found.inputs(TOPIC)
    assert (topic["name"], topic["tags"]) == ("shop-dev-alarms", TAGS)
    assert "kmsMasterKeyId" not in topic
    own = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    watcher = f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:*"
    alarms, budgets = json.loads(found.inputs(TOPIC_POLICY)["policy"])["Statement"]
    for each in (alarms, budgets):
        assert (each["Effect"], each["Action"]) == ("Allow", "SNS:Publish")
        assert each["Resource"] == found.told["topic"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {**own, "ArnLike": {"aws:SourceArn": watcher}}
    assert budgets["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert budgets["Condition"] == own


def test_alarms_are_mailed_to_the_address_that_is_stated() -> None:
    found = watch(alarm_email="ops@example.com")
    inputs = found.inputs(SUBSCRIPTION)
    assert (inputs["protocol"], inputs["endpoint"]) == ("email", "ops@example.com")
    assert inputs["topic"] == found.told["topic"]
    assert watch().declared.names(SUBSCRIPTION) == []


def test_the_dashboard_is_that_of_the_api() -> None:
    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        api_id = pulumi.Output.from_input("api1")
        return {
            "name": Dashboard("it", SHOP, shared, api_id=api_id, opts=opts).dashboard.dashboard_name
        }

    inputs = made(build).inputs("aws:cloudwatch/dashboard:Dashboard")
    assert inputs["dashboardName"] == "shop-dev-overview"
    first, *_ = json.loads(inputs["dashboardBody"])["widgets"]
    assert first["properties"]["metrics"] == [["AWS/ApiGateway", "Count", "ApiId", "api1"]]


def test_the_budget_tells_the_topic_before_the_months_money_is_spent() -> None:
    def build(shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[Any]]:
        return {"name": Budget("it", shared, topic="arn:topic", opts=opts).budget.name}

    inputs = made(build, budget_usd=70).inputs("aws:budgets/budget:Budget")
    assert (inputs["name"], inputs["tags"]) == ("shop-dev-monthly", TAGS)
    assert (inputs["limitAmount"], inputs["limitUnit"]) == ("70", "USD")
    assert (inputs["budgetType"], inputs["timeUnit"]) == ("COST", "MONTHLY")
    assert "costFilters" not in inputs
    assert [
        (each["notificationType"], each["threshold"], each["subscriberSnsTopicArns"])
        for each in inputs["notifications"]
    ] == [("ACTUAL", 80, ["arn:topic"]), ("FORECASTED", 100, ["arn:topic"])]
