"""The AWS target: the platform as components, one for each thing that the shop declares.

secrets, tables, buckets, queues → functions, with policies and environments that name these →
what calls functions: API, queues' consumers, schedules → what watches it all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi

from infra import model
from infra.aws import access
from infra.aws.alarms import Alarms
from infra.aws.bucket import Bucket
from infra.aws.budget import Budget
from infra.aws.concurrency import reserved
from infra.aws.dashboard import Dashboard
from infra.aws.function import Function
from infra.aws.gateway import Gateway
from infra.aws.names import FAILED
from infra.aws.queue import Consumer, DeadLetters, Queue
from infra.aws.schedule import MayFail, Schedule
from infra.aws.secret import Secret
from infra.aws.shared import Shared
from infra.aws.table import Table
from infra.packages.deployed import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsConfig:
    """What the target needs besides the platform.

    `code` has each function's package; the replaceable ones, by their names, an update may delete.
    """

    shared: Shared
    code: Mapping[str, Code]
    replaceable_tables: Collection[str] = ()
    replaceable_buckets: Collection[str] = ()


class AwsTarget(pulumi.ComponentResource):
    """The whole platform in one region of one account.

    Each component stands in an attribute by its kind and the shop's name, and keeps its raw
    resources as attributes too; whatever they do not offer, `opts.transforms` can set. It owns no
    secret's value, no DNS record and no certificate, and does not raise the account's quotas.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        config: AwsConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Target", name, None, opts)
        shared = config.shared
        own = pulumi.ResourceOptions(parent=self)
        secrets = sorted({each.resource for each in platform.grants if each.kind == "secret"})
        self.secrets = {each: Secret(f"secret-{each}", each, shared, own) for each in secrets}
        self.tables = {
            each.name: Table(
                f"table-{each.name}",
                each,
                shared,
                replaceable=each.name in config.replaceable_tables,
                opts=own,
            )
            for each in platform.tables
        }
        self.buckets = {
            each.name: Bucket(
                f"bucket-{each.name}",
                each,
                shared,
                origins=platform.origins,
                replaceable=each.name in config.replaceable_buckets,
                opts=own,
            )
            for each in platform.buckets
        }
        self.queues = {
            each.name: Queue(f"queue-{each.name}", each, shared, own) for each in platform.queues
        }
        # where a call that nobody waits for ends up when its retries are used up
        self.failed = DeadLetters(FAILED, FAILED, shared, own)
        places = access.Places(
            tables={name: each.arn for name, each in self.tables.items()},
            buckets={name: each.arn for name, each in self.buckets.items()},
            queues={name: each.arn for name, each in self.queues.items()},
            secrets={name: each.arn for name, each in self.secrets.items()},
            bucket_names={name: each.bucket_name for name, each in self.buckets.items()},
            bucket_urls={name: each.url for name, each in self.buckets.items() if each.url},
            queue_urls={name: each.url for name, each in self.queues.items()},
        )
        held = reserved(platform, shared.settings)
        self.functions = {
            each.name: Function(
                f"function-{each.name}",
                each,
                shared,
                code=config.code[each.name],
                environment=access.environment(platform, each, shared.names, places),
                statements=access.statements(platform, each.name, places),
                dead_letters=self.failed.arn if platform.trigger(each.name) == "schedule" else None,
                reserved=held.get(each.name),
                opts=own,
            )
            for each in platform.functions
        }
        self.consumers = {
            each.name: Consumer(
                f"consumer-{each.name}",
                each,
                self.queues[each.name],
                self.functions[each.consumer],
                shared,
                own,
            )
            for each in platform.queues
        }
        self.schedules = {
            each.name: Schedule(
                f"schedule-{each.name}",
                each,
                self.functions[each.function],
                shared,
                dead_letters=self.failed,
                opts=own,
            )
            for each in platform.schedules
        }
        self.may_fail = MayFail("failed-from", self.failed, self.schedules, own)
        self.gateway = Gateway("gateway", platform, self.functions, shared, own)
        self.alarms = Alarms("alarms", platform, shared, api_id=self.gateway.api.id, opts=own)
        self.dashboard = Dashboard(
            "dashboard", platform, shared, api_id=self.gateway.api.id, opts=own
        )
        # the topic lets Budgets tell it something before a budget says that it will
        allowed = pulumi.ResourceOptions(parent=self, depends_on=[self.alarms.policy])
        self.budget = Budget("budget", shared, topic=self.alarms.topic.arn, opts=allowed)
        self.url = self.gateway.url
        self.register_outputs({"url": self.url})
