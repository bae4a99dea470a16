"""SQS queues and EventBridge rules before a Lambda function, as `emulate: aws` plays them.

The queue's event source mapping reports failures item by item (`ReportBatchItemFailures`).
docs/emulation.md gives the source of each rule, or says that none was found.
"""

import base64
import time
from collections.abc import Sequence
from hashlib import md5
from typing import Any

import orjson

from infra.local.runtime.emulate import QueueMessage, wire

_REGION = "us-east-1"
_ACCOUNT = "000000000000"


class AwsTriggers:
    """TriggerSide of SQS and EventBridge."""

    def __init__(self) -> None:
        self._unique = wire.Unique()

    def queue_event(self, queue: str, messages: Sequence[QueueMessage]) -> bytes:
        """The event of a batch: `Records`, one for each message."""
        source = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{queue}"
        return orjson.dumps({"Records": [self._record(source, each) for each in messages]})

    def failed(self, result: bytes, ids: Sequence[str]) -> frozenset[str]:
        """Those ids that `batchItemFailures` names; all of them when it is not as it must be."""
        whole = frozenset(ids)
        try:
            found = orjson.loads(result)
        except ValueError:
            return whole
        if isinstance(found, dict):
            found = found.get("batchItemFailures")
        elif found:
            return whole
        if not found:
            return frozenset()
        if not isinstance(found, list):
            return whole
        named = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in found]
        known = [each for each in named if isinstance(each, str) and each in whole]
        return frozenset(known) if len(known) == len(named) else whole

    def schedule_event(self, schedule: str, due_ms: int) -> bytes:
        """EventBridge's `Scheduled Event` of the rule that bears the schedule's name."""
        return orjson.dumps(
            {
                "version": "0",
                "id": self._uuid(),
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": _ACCOUNT,
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due_ms // 1000)),
                "region": _REGION,
                "resources": [f"arn:aws:events:{_REGION}:{_ACCOUNT}:rule/{schedule}"],
                "detail": {},
            }
        )

    def _record(self, source: str, message: QueueMessage) -> dict[str, Any]:
        handle = f"{self._uuid()} {source} {message.id} {message.sent_ms / 1000}"
        return {
            "messageId": message.id,
            "receiptHandle": base64.b64encode(handle.encode()).decode(),
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.attempt),
                "SentTimestamp": str(message.sent_ms),
                "SenderId": _ACCOUNT,
                "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
            },
            "messageAttributes": {},
            "md5OfBody": md5(message.body.encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
            "eventSourceARN": source,
            "awsRegion": _REGION,
        }

    def _uuid(self) -> str:
        prefix, number = self._unique.take()
        return f"{prefix[:8]}-{prefix[8:12]}-4{prefix[12:15]}-a{prefix[15:]}-{number:012x}"
