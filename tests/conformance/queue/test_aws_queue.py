"""What only holds for the queue on SQS."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.adapters.aws import clients
from app.adapters.aws.queue import SqsQueue
from app.ports.errors import ResourceMissingError, UnavailableError


def test_a_queue_that_is_not_there_is_missing(aws: Mapping[str, Any]) -> None:
    client = clients.make("sqs", **aws)
    url = client.create_queue(QueueName="shop-test-gone")["QueueUrl"]
    client.delete_queue(QueueUrl=url)
    with pytest.raises(ResourceMissingError, match="SendMessage"):
        SqsQueue(url, lambda: client).send("secret")


def test_a_queue_that_nothing_answers_for_is_unavailable_and_tells_nothing_of_the_message() -> None:
    connection = {
        "endpoint_url": "http://127.0.0.1:1",
        "region_name": "eu-central-1",
        "aws_access_key_id": "k",
        "aws_secret_access_key": "s",
    }
    queue = SqsQueue("http://127.0.0.1:1/1/q", lambda: clients.make("sqs", **connection))
    with pytest.raises(UnavailableError) as raised:
        queue.send("hunter2")
    assert "hunter2" not in str(raised.value)
