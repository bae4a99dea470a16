"""Queues on SMQ (formerly MNS): the queue, its dead letters, and what feeds it to its consumer."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_alicloud import fc, message

from infra import granted, model
from infra.alicloud.function import Function
from infra.alicloud.places import Places
from infra.alicloud.shared import Shared

KEPT_S: Final = 7 * 24 * 3600
"""How long a message is kept, in seconds: the longest that SMQ offers."""


class DeadLetters(pulumi.ComponentResource):
    """A queue of what nobody could deal with; an alarm tells of it, and an operator looks.

    It owns no consumer: what lies here is moved back or removed by hand.
    """

    def __init__(
        self,
        name: str,
        called: str,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`called` is its name in the account."""
        super().__init__("shop:alicloud:DeadLetters", name, None, opts)
        self.queue = message.ServiceQueue(
            name,
            queue_name=called,
            message_retention_period=KEPT_S,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.called = called
        self.register_outputs({"name": self.queue.queue_name})


class Queue(pulumi.ComponentResource):
    """A queue; what was fetched `max_attempts` times and is still there goes to `dead`.

    What counts is how often EventBridge fetched it: each time it calls the consumer again and again
    by itself (see `Consumer`). It owns neither what sends to it nor what consumes it. A message may
    come twice, or late.
    """

    def __init__(
        self,
        name: str,
        queue: model.Queue,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Queue", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        dead = shared.names.dead_letters(queue.name)
        self.dead = DeadLetters(f"{name}-dead", dead, shared, own)
        self.queue = message.ServiceQueue(
            name,
            queue_name=shared.names.of(queue.name),
            visibility_timeout=queue.visibility_s,
            message_retention_period=KEPT_S,
            dlq_policy=message.ServiceQueueDlqPolicyArgs(
                enabled=True,
                dead_letter_target_queue=self.dead.queue.queue_name,
                max_receive_count=queue.max_attempts,
            ),
            tags=shared.tags,
            opts=own,
        )
        self.called = self.queue.queue_name
        self.register_outputs({"name": self.called})


class Consumer(pulumi.ComponentResource):
    """Hands a queue's messages to a function's alias, in batches: a stream of EventBridge.

    A batch that fails comes again whole, up to 176 times in a day, at first after 1 s, then 2, 4, …
    512, and goes to the queue's dead letters then. That is far more than `max_attempts`, because a
    call that is refused, as all instances are busy, is taken to count like one that failed, and
    EventBridge's other way, three times within a minute, would give up good messages at each rush.
    How many are at work at once is what is reserved for the function.

    It owns neither end, nor the role in which EventBridge calls functions, which an account has
    once for all (AliyunServiceRoleForEventBridgeSendToFC).
    """

    def __init__(
        self,
        name: str,
        stated: model.Queue,
        queue: Queue,
        function: Function,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Consumer", name, None, opts)
        self.trigger = fc.V3Trigger(
            name,
            function_name=function.called,
            qualifier=function.qualifier,
            trigger_name=stated.name,
            trigger_type="eventbridge",
            description=f"What is in the queue {stated.name}",
            trigger_config=pulumi.Output.all(
                queue.called, queue.dead.queue.queue_name, function.places
            ).apply(lambda known: granted.compact(stream(stated, *known))),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def stream(queue: model.Queue, called: str, dead: str, places: Places) -> Mapping[str, Any]:
    """The event stream from the queue of this name in the account, as Function Compute states it.

    Bodies are plain text, as the adapter sends them. A message that EventBridge cannot hand over
    goes to the queue `dead`, as one does that was received too often.
    """
    return {
        "triggerEnable": True,
        "asyncInvocationType": False,
        "eventRuleFilterPattern": "{}",
        "eventSourceConfig": {
            "eventSourceType": "MNS",
            "eventSourceParameters": {
                "sourceMNSParameters": {
                    "RegionId": places.region,
                    "QueueName": called,
                    "IsBase64Decode": False,
                }
            },
        },
        "eventSinkConfig": {"deliveryOption": {"eventSchema": "CloudEvents"}},
        "runOptions": {
            "mode": "event-streaming",
            "errorsTolerance": "ALL",
            "retryStrategy": {"PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY"},
            "batchWindow": {"CountBasedWindow": queue.batch_size, "TimeBasedWindow": 0},
            "deadLetterQueue": {"Arn": places.queue(dead)},
        },
    }
