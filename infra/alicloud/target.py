"""The Alibaba Cloud target: the platform as components, one for each thing that the shop declares.

logs, packages, tables, buckets, queues → roles, with policies that name these → functions → what
calls functions: domain or API Gateway, queues' consumers, schedules → what watches it all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pulumi

from infra import model
from infra.alicloud import access
from infra.alicloud.alarms import Alarms
from infra.alicloud.bucket import Bucket, Packages, url
from infra.alicloud.concurrency import reserved
from infra.alicloud.function import Function, Surroundings
from infra.alicloud.gateway import Gateway
from infra.alicloud.logs import STORE, Logs
from infra.alicloud.not_run import NotRun
from infra.alicloud.packages import Archive
from infra.alicloud.places import Places
from infra.alicloud.queue import Consumer, DeadLetters, Queue
from infra.alicloud.role import Role
from infra.alicloud.schedule import Schedule
from infra.alicloud.shared import Shared
from infra.alicloud.table import Instance, Table
from infra.checks.deployed import FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class AlicloudConfig:
    """What the target needs besides the platform.

    `code` has each function's package; `replaceable` are the tables and buckets, by their names,
    that an update may delete.
    """

    shared: Shared
    code: Mapping[str, Archive]
    replaceable_tables: Collection[str] = ()
    replaceable_buckets: Collection[str] = ()


class AlicloudTarget(pulumi.ComponentResource):
    """The whole platform in one region of one account.

    Each component stands in an attribute by its kind and the shop's name, and keeps its raw
    resources as attributes too; whatever they do not offer, `opts.transforms` can set. It owns no
    secret (OOS has no place for one without a value: `make secret` makes them), no DNS record and
    no certificate, and opens no service for the account.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        config: AlicloudConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Target", name, None, opts)
        shared, names = config.shared, config.shared.names
        own = pulumi.ResourceOptions(parent=self)
        self.logs = Logs("logs", shared, own)
        self.packages = Packages("packages", shared, own)
        self.instance = Instance(
            "tables",
            shared,
            # it goes only with all of its tables
            replaceable=all(each.name in config.replaceable_tables for each in platform.tables),
            opts=own,
        )
        self.tables = {
            each.name: Table(
                f"table-{each.name}",
                each,
                self.instance,
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
        self.failed = (
            DeadLetters("failed", names.of(FAILED), shared, own) if platform.schedules else None
        )
        urls = {bucket: url(domain) for bucket, domain in shared.settings.bucket_domains.items()}
        held = reserved(platform)
        self.roles: dict[str, Role] = {}
        self.functions: dict[str, Function] = {}
        for each in platform.functions:
            scheduled = platform.trigger(each.name) == "schedule"
            failed = names.of(FAILED) if scheduled else None
            role = self.roles[each.name] = _role(platform, each.name, shared, failed, own)
            self.functions[each.name] = Function(
                f"function-{each.name}",
                each,
                shared,
                code=config.code[each.name],
                environment=_environment(platform, each, role.places, urls),
                surroundings=Surroundings(
                    role=role, packages=self.packages.bucket_name, logs=self.logs, failed=failed
                ),
                reserved=held[each.name],
                opts=own,
            )
        self.consumers = {
            each.name: Consumer(
                f"consumer-{each.name}",
                each,
                self.queues[each.name],
                self.functions[each.consumer],
                own,
            )
            for each in platform.queues
        }
        self.schedules = {
            each.name: Schedule(f"schedule-{each.name}", each, self.functions[each.function], own)
            for each in platform.schedules
        }
        self.gateway = Gateway("gateway", platform, self.functions, shared, own)
        self.alarms = Alarms("alarms", platform, shared, own)
        self.not_run = NotRun("not-run", platform, self.logs, shared, own)
        self.url = self.gateway.url
        self.register_outputs({"url": self.url})


def _role(
    platform: model.Platform,
    function: str,
    shared: Shared,
    failed: str | None,
    opts: pulumi.ResourceOptions,
) -> Role:
    return Role(
        f"role-{function}",
        shared.names.of(function),
        "fc",
        lambda places: access.policy(platform, function, places, logs=STORE, failed=failed),
        shared,
        about=f"What the function {function} may do, by its grants",
        opts=opts,
    )


def _environment(
    platform: model.Platform,
    function: model.Function,
    places: pulumi.Output[Places],
    urls: Mapping[str, str],
) -> pulumi.Output[dict[str, str]]:
    return places.apply(lambda known: access.variables(platform, function, known, urls))
