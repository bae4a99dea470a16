"""Queues on SQS: the queue, its dead letters, and what feeds it to its consumer."""

from typing import Final

import pulumi
from pulumi_aws import lambda_, sqs

from infra import granted, model
from infra.aws.function import Function
from infra.aws.shared import Shared

DEAD_DAYS: Final = 14
"""How long what was set aside is kept, in days: the longest that SQS offers."""


class DeadLetters(pulumi.ComponentResource):
    """A queue of what nobody could deal with; an alarm tells of it, and an operator looks.

    It owns no consumer: what lies here is moved back or removed by hand.
    """

    def __init__(
        self,
        name: str,
        queue_name: str,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`queue_name` is the shop's own name for it."""
        super().__init__("shop:aws:DeadLetters", name, None, opts)
        self.queue = sqs.Queue(
            name,
            name=shared.names.of(queue_name),
            message_retention_seconds=DEAD_DAYS * 24 * 3600,
            sqs_managed_sse_enabled=True,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = self.queue.arn
        self.url = self.queue.url
        self.queue_name = self.queue.name
        self.register_outputs({"arn": self.arn})


class Queue(pulumi.ComponentResource):
    """A queue, encrypted by SQS's own key; what fails `max_attempts` times goes to `dead`.

    It owns neither what sends to it nor what consumes it. A message may come twice, or late.
    """

    def __init__(
        self,
        name: str,
        queue: model.Queue,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Queue", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.dead = DeadLetters(f"{name}-dead", f"{queue.name}-dead", shared, own)
        self.queue = sqs.Queue(
            name,
            name=shared.names.of(queue.name),
            visibility_timeout_seconds=queue.visibility_s,
            redrive_policy=self.dead.arn.apply(
                lambda arn: granted.compact(
                    {"deadLetterTargetArn": arn, "maxReceiveCount": queue.max_attempts}
                )
            ),
            sqs_managed_sse_enabled=True,
            tags=shared.tags,
            opts=own,
        )
        self.redrive_allowed = sqs.RedriveAllowPolicy(
            f"{name}-dead-from",
            queue_url=self.dead.url,
            redrive_allow_policy=self.queue.arn.apply(
                lambda arn: granted.compact(
                    {"redrivePermission": "byQueue", "sourceQueueArns": [arn]}
                )
            ),
            opts=own,
        )
        self.arn = self.queue.arn
        self.url = self.queue.url
        self.queue_name = self.queue.name
        self.register_outputs({"url": self.url})


class Consumer(pulumi.ComponentResource):
    """Hands a queue's messages to a function's alias, in batches, `max_concurrency` at once.

    Only the messages of a batch that the function names as failed come again. It owns neither end.
    """

    def __init__(
        self,
        name: str,
        stated: model.Queue,
        queue: Queue,
        function: Function,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Consumer", name, None, opts)
        self.mapping = lambda_.EventSourceMapping(
            name,
            event_source_arn=queue.arn,
            function_name=function.alias.arn,
            batch_size=stated.batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": stated.max_concurrency},
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
