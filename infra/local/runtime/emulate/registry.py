"""The emulations by name.

Each half is imported only where it is used: a worker starts in milliseconds because it never loads
what the gateway needs.
"""

from infra.local.runtime.emulate import GatewaySide, TriggerSide, WorkerSide

NAMES = ("aws", "alicloud")


def gateway_side(name: str) -> GatewaySide:
    """A new gateway side of `aws` or `alicloud`. Raises ValueError for any other name."""
    if name == "aws":
        from infra.local.runtime.emulate.aws_gateway import AwsGateway  # noqa: PLC0415 - see above

        return AwsGateway()
    if name == "alicloud":
        from infra.local.runtime.emulate.alicloud_gateway import (  # noqa: PLC0415 - see above
            AlicloudGateway,
        )

        return AlicloudGateway()
    raise _unknown(name)


def worker_side(name: str) -> WorkerSide:
    """A new worker side of `aws` or `alicloud`. Raises ValueError for any other name."""
    if name == "aws":
        from infra.local.runtime.emulate.aws_worker import AwsWorker  # noqa: PLC0415 - see above

        return AwsWorker()
    if name == "alicloud":
        from infra.local.runtime.emulate.alicloud_worker import (  # noqa: PLC0415 - see above
            AlicloudWorker,
        )

        return AlicloudWorker()
    raise _unknown(name)


def trigger_side(name: str) -> TriggerSide:
    """A new trigger side of `aws` or `alicloud`. Raises ValueError for any other name."""
    if name == "aws":
        from infra.local.runtime.emulate.aws_triggers import AwsTriggers  # noqa: PLC0415 - above

        return AwsTriggers()
    if name == "alicloud":
        from infra.local.runtime.emulate.alicloud_triggers import (  # noqa: PLC0415 - see above
            AlicloudTriggers,
        )

        return AlicloudTriggers()
    raise _unknown(name)


def _unknown(name: str) -> ValueError:
    return ValueError(f"no emulation is called {name!r}: write aws or alicloud")
