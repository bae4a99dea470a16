"""A queue's batch and a schedule's event have the emulated cloud's form, and its way to fail."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways import alicloud_events, aws_events
from infra.local.runtime.emulate import QueueMessage
from infra.local.runtime.emulate.registry import trigger_side

EVENTS = Path(__file__).parents[1] / "events"
AWS, ALICLOUD = trigger_side("aws"), trigger_side("alicloud")
MESSAGES = [
    QueueMessage("m-1", "grüß 处", 1, 1_700_000_000_123, 1_700_000_001_000),
    QueueMessage("m-2", "{}", 4, 1_700_000_002_000, 1_700_000_003_000),
]
IDS = ["m-1", "m-2"]


def _captured(name: str) -> Any:
    return json.loads((EVENTS / f"gateway_{name}.json").read_text())


def test_an_unknown_cloud_has_no_triggers() -> None:
    with pytest.raises(ValueError, match="no emulation is called 'azure'"):
        trigger_side("azure")


def test_a_batch_on_aws_has_the_keys_of_a_captured_one_and_these_values() -> None:
    event = json.loads(AWS.queue_event("welcome", MESSAGES))

    captured = _captured("aws_sqs")["Records"][0]
    for record, message in zip(event["Records"], MESSAGES, strict=True):
        assert record.keys() == captured.keys()
        assert record["attributes"] == {
            "ApproximateReceiveCount": str(message.attempt),
            "SentTimestamp": str(message.sent_ms),
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
        }
        assert (record["messageId"], record["body"]) == (message.id, message.body)
        assert record["md5OfBody"] == hashlib.md5(message.body.encode()).hexdigest()  # noqa: S324
        assert record["messageAttributes"] == {}
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:welcome"
        assert record["awsRegion"] == "us-east-1"
    handles = {record["receiptHandle"] for record in event["Records"]}
    assert len(handles) == 2


def test_a_receipt_handle_is_another_one_at_each_delivery() -> None:
    first, second = (
        json.loads(AWS.queue_event("welcome", MESSAGES))["Records"][0]["receiptHandle"]
        for _ in range(2)
    )
    assert first != second


def test_a_batch_on_alicloud_is_a_list_of_cloud_events() -> None:
    events = json.loads(ALICLOUD.queue_event("welcome", MESSAGES))

    captured = _captured("alicloud_mns")[0]
    # who sent it, as the real cloud has it, nobody here is
    unsaid = {"aliyunoriginalaccountid", "aliyunpublishaddr"}
    assert [event["data"]["messageId"] for event in events] == IDS
    for event, message in zip(events, MESSAGES, strict=True):
        assert event.keys() == captured.keys() - unsaid
        assert event["data"].keys() == captured["data"].keys()
        assert event["data"]["messageBody"] == message.body
        assert event["specversion"] == "1.0"
        assert event["type"] == "mns:Queue:SendMessage"
        assert event["subject"] == "acs:mns:cn-hangzhou:0000000000000000:queues/welcome"
        assert event["id"] not in IDS
    assert events[0]["time"] == "2023-11-14T22:13:20.123Z"
    assert len({event["id"] for event in events}) == 2


@pytest.mark.parametrize(
    "result",
    [
        "null",
        "{}",
        '{"batchItemFailures": []}',
        '{"batchItemFailures": null}',
        '{"statusCode": 200}',
        '""',
    ],
)
def test_on_aws_a_result_that_names_no_failure_is_a_success(result: str) -> None:
    assert AWS.failed(result.encode(), IDS) == frozenset()


@pytest.mark.parametrize(
    ("items", "failed"),
    [
        ([{"itemIdentifier": "m-2"}], {"m-2"}),
        ([{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}], {"m-1", "m-2"}),
        ([{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-1"}], {"m-1"}),
    ],
)
def test_on_aws_those_that_are_named_come_again(items: list[Any], failed: set[str]) -> None:
    assert AWS.failed(json.dumps({"batchItemFailures": items}).encode(), IDS) == failed


@pytest.mark.parametrize(
    "items",
    [
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": None}],
        [{"itemIdentifier": "m-3"}],
        [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-3"}],
        [{"itemIdentifier": ["m-1"]}],
        [{"messageId": "m-1"}],
        [{}],
        ["m-1"],
        "m-1",
        {"itemIdentifier": "m-1"},
        7,
    ],
)
def test_on_aws_a_malformed_list_of_failures_fails_the_whole_batch(items: Any) -> None:
    assert AWS.failed(json.dumps({"batchItemFailures": items}).encode(), IDS) == set(IDS)


@pytest.mark.parametrize("result", [b"", b"{", b"all well", b'["m-1"]', b'"m-1"', b"7"])
def test_on_aws_what_is_no_object_fails_the_whole_batch(result: bytes) -> None:
    assert AWS.failed(result, IDS) == set(IDS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["m-1", "m-3", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["batchItemFailures", "itemIdentifier"]), inner)
    ),
)


@given(JSON)
def test_on_aws_no_result_leaves_another_message_behind(result: Any) -> None:
    assert AWS.failed(json.dumps(result).encode(), IDS) <= set(IDS)


@pytest.mark.parametrize("result", [b"null", b'{"batchItemFailures":[{"itemIdentifier":"m-1"}]}'])
def test_on_alicloud_no_result_fails_anything(result: bytes) -> None:
    assert ALICLOUD.failed(result, IDS) == frozenset()


def test_a_schedules_event_has_the_clouds_form() -> None:
    due_ms = 1_700_000_000_000
    found = json.loads(AWS.schedule_event("sweep", due_ms))
    other = json.loads(AWS.schedule_event("sweep", due_ms))
    captured = _captured("aws_schedule")

    assert found.keys() == captured.keys()
    assert UUID(found["id"]).version == 4
    assert found["id"] != other["id"]
    assert found["time"] == "2023-11-14T22:13:20Z"
    assert found["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/sweep"]
    same = ("version", "detail-type", "source", "detail")
    assert [found[each] for each in same] == [captured[each] for each in same]
    assert json.loads(ALICLOUD.schedule_event("sweep", due_ms)) == {
        "triggerTime": "2023-11-14T22:13:20Z",
        "triggerName": "sweep",
        "payload": "",
    }


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.builds(
    QueueMessage, TEXTS, TEXTS, st.integers(1, 1000), st.integers(0, 2**45), st.integers(0, 2**45)
), max_size=4))  # fmt: skip
def test_what_is_emulated_is_what_the_functions_read(messages: list[QueueMessage]) -> None:
    on_aws = aws_events.messages(json.loads(AWS.queue_event("welcome", messages)))
    on_alicloud = alicloud_events.messages(ALICLOUD.queue_event("welcome", messages))

    assert [(m.id, m.body, m.attempt) for m in on_aws] == [
        (m.id, m.body, m.attempt) for m in messages
    ]
    assert [(m.id, m.body, m.attempt) for m in on_alicloud] == [(m.id, m.body, 0) for m in messages]
    assert aws_events.schedule(json.loads(AWS.schedule_event("sweep", 0))) == "sweep"
    assert alicloud_events.schedule(ALICLOUD.schedule_event("sweep", 0)) == "sweep"
