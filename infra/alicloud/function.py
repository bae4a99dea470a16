"""A function on Function Compute: its package, its versions and the alias that is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import pulumi
from pulumi_alicloud import fc, oss

from infra import granted, model
from infra.alicloud.logs import Logs
from infra.alicloud.names import ALIAS
from infra.alicloud.packages import HANDLER, Archive
from infra.alicloud.ready import provisioned
from infra.alicloud.role import Role
from infra.alicloud.shared import Shared
from infra.alicloud.size import cpu

RUNTIME: Final = "python3.12"
DISK_MB: Final = 512
"""What a function may write to at /tmp and elsewhere: the smaller of the two sizes there are."""
RETRIES: Final = 2
"""How often a call that nobody waits for is tried again."""
EVENT_AGE_S: Final = 3600
"""How long it waits for a free instance or another try; then the next one is due anyway."""

_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a function runs in: who it is, where its packages lie, and where it logs.

    `failed` is the queue, by its name in the account, for calls that nobody waits for and that
    fail; None where someone waits for every call.
    """

    role: Role
    packages: pulumi.Input[str]
    logs: Logs
    failed: str | None = None


class Function(pulumi.ComponentResource):
    """One function. Each `up` that changes it publishes a version and moves the alias `live` to it.

    It owns no package (it is given a file, which is uploaded under its digest), nothing that calls
    it, and nothing that it may use: its role and `environment` name these. No more than `reserved`
    instances of it run. Earlier versions stay, for a way back. Function Compute itself lets one
    instance of Python work at one call at a time.
    """

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        function: model.Function,
        shared: Shared,
        *,
        code: Archive,
        environment: pulumi.Output[dict[str, str]],
        surroundings: Surroundings,
        reserved: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Function", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.places = surroundings.role.places
        self.package = oss.BucketObject(
            # the name is the content's: where it lies on the machine that uploads says nothing
            f"{name}-package-{code.digest[:_SHOWN]}",
            bucket=surroundings.packages,
            key=f"{function.name}/{code.digest}.zip",
            source=str(code.file),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["source"]),
        )
        stated: Mapping[str, Any] = {
            "handler": HANDLER,
            "runtime": RUNTIME,
            "memory_size": function.memory_mb,
            "cpu": shared.settings.cpu.get(function.name, cpu(function.memory_mb)),
            "disk_size": DISK_MB,
            "timeout": function.timeout_s,
        }
        self.function = fc.V3Function(
            f"{name}-code",
            function_name=shared.names.of(function.name),
            role=surroundings.role.arn,
            code=fc.V3FunctionCodeArgs(
                oss_bucket_name=surroundings.packages, oss_object_name=self.package.key
            ),
            environment_variables=environment,
            log_config=fc.V3FunctionLogConfigArgs(
                project=surroundings.logs.project_name,
                logstore=surroundings.logs.store_name,
                enable_request_metrics=True,
                enable_instance_metrics=True,
                log_begin_rule="None",
            ),
            tags=shared.tags,
            # Function Compute takes no log store that the role may not write to
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[surroundings.role.attachment, surroundings.logs.store]
            ),
            **stated,
        )
        self.version = fc.V3FunctionVersion(
            f"{name}-version",
            function_name=self.function.function_name.apply(str),
            description=environment.apply(lambda known: _digest(code.digest, stated, known)),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.function],
                # a version never changes: whatever changes the function makes another
                replace_on_changes=["description"],
                retain_on_delete=True,
            ),
        )
        self.alias = fc.V3Alias(
            f"{name}-{ALIAS}",
            alias_name=ALIAS,
            description="What the shop calls",
            function_name=self.version.function_name,
            version_id=self.version.version_id,
            opts=own,
        )
        self.called = self.alias.function_name
        self.qualifier = self.alias.alias_name.apply(str)
        self.concurrency = fc.V3ConcurrencyConfig(
            f"{name}-concurrency",
            function_name=self.called,
            reserved_concurrency=reserved,
            opts=own,
        )
        self.retries = (
            self._retries(name, surroundings.failed, own) if surroundings.failed else None
        )
        self.ready: fc.V3ProvisionConfig | None = None
        if function.scaling.min_instances:
            self.ready = provisioned(
                f"{name}-ready",
                self.alias,
                function.scaling,
                most=reserved,
                utilisation_percent=shared.settings.ready_utilisation_percent,
                parent=self,
            )
        self.register_outputs({"alias": self.qualifier})

    def _retries(
        self, name: str, failed: str, opts: pulumi.ResourceOptions
    ) -> fc.V3AsyncInvokeConfig:
        return fc.V3AsyncInvokeConfig(
            f"{name}-retries",
            function_name=self.called,
            qualifier=self.qualifier,
            max_async_retry_attempts=RETRIES,
            max_async_event_age_in_seconds=EVENT_AGE_S,
            destination_config=fc.V3AsyncInvokeConfigDestinationConfigArgs(
                on_failure=fc.V3AsyncInvokeConfigDestinationConfigOnFailureArgs(
                    destination=self.places.apply(lambda places: places.messages(failed))
                )
            ),
            opts=opts,
        )


def _digest(code: str, stated: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """What a version is made of, in one word."""
    whole = granted.compact([code, stated, environment])
    return sha256(whole.encode()).hexdigest()
