"""SMQ (formerly MNS) queues and time triggers before Function Compute, for `emulate: alicloud`.

A queue reaches the function through an EventBridge event stream that invokes it synchronously, in
batches. docs/emulation.md gives the source of each rule, or says that none was found.
"""

import time
from collections.abc import Sequence
from typing import Any

import orjson

from infra.local.runtime.emulate import QueueMessage, wire

_REGION = "cn-hangzhou"
_ACCOUNT = "0000000000000000"


class AlicloudTriggers:
    """TriggerSide of EventBridge's event streams and Function Compute's time triggers."""

    def __init__(self) -> None:
        self._unique = wire.Unique()

    def queue_event(self, queue: str, messages: Sequence[QueueMessage]) -> bytes:
        """The event of a batch: a list of CloudEvents, which do not tell the attempt."""
        published = _iso(int(time.time() * 1000))
        return orjson.dumps([self._event(queue, each, published) for each in messages])

    def failed(self, _result: bytes, _ids: Sequence[str]) -> frozenset[str]:
        """None: whatever a handler returns, the batch was delivered; only an error fails it."""
        return frozenset()

    def schedule_event(self, schedule: str, due_ms: int) -> bytes:
        """A time trigger's event; the trigger bears the schedule's name and has no payload."""
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due_ms // 1000))
        return orjson.dumps({"triggerTime": when, "triggerName": schedule, "payload": ""})

    def _event(self, queue: str, message: QueueMessage, published: str) -> dict[str, Any]:
        prefix, number = self._unique.take()
        name = f"MNS-{queue}"
        return {
            "id": f"{prefix[:8]}-{prefix[8:12]}-4{prefix[12:15]}-a{prefix[15:]}-{number:012x}",
            "source": name,
            "specversion": "1.0",
            "type": "mns:Queue:SendMessage",
            "datacontenttype": "application/json; charset=utf-8",
            "subject": f"acs:mns:{_REGION}:{_ACCOUNT}:queues/{queue}",
            "time": _iso(message.sent_ms),
            "aliyunaccountid": _ACCOUNT,
            "aliyunpublishtime": published,
            "aliyuneventbusname": name,
            "aliyunregionid": _REGION,
            "data": {
                "requestId": f"{prefix[:12]}{number:012x}".upper(),
                "messageId": message.id,
                "messageBody": message.body,
            },
        }


def _iso(moment_ms: int) -> str:
    seconds, milliseconds = divmod(moment_ms, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{milliseconds:03}Z"
