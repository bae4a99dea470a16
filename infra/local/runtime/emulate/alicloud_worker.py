"""The worker's half of `emulate: alicloud`: Function Compute's python3.12 runtime.

docs/emulation.md gives the source of each rule. What a result becomes follows the serialiser of
Function Compute's own Python runtime.
"""

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from infra.local.runtime.emulate import Identity, Invocation
from infra.local.runtime.emulate.usual import usual_result

if TYPE_CHECKING:
    import logging

_REGION = "cn-hangzhou"
_ACCOUNT = "0000000000000000"
_QUALIFIER = "LATEST"


class FunctionMeta:
    """What a handler is told of its function. `memory` is in MB, `timeout` in seconds."""

    def __init__(self, identity: Identity) -> None:
        self.name = identity.function
        self.handler = identity.handler
        self.memory = identity.memory_mb
        self.timeout = identity.timeout_s
        self.version_id = ""
        self.qualifier = _QUALIFIER


class FCContext:
    """What Function Compute hands to a handler beside the event; no credentials since Python 3.12.

    `logger` is None, as in an instance that takes one request at a time.
    """

    def __init__(self, identity: Identity, invocation: Invocation) -> None:
        self.account_id = _ACCOUNT
        self.request_id = invocation.request_id
        self.function = FunctionMeta(identity)
        self.logger: logging.Logger | None = None
        self.log_project = ""
        self.log_store = ""
        self.region = _REGION

    def getLogger(self) -> "logging.Logger":  # noqa: N802 - Function Compute's name
        """The logger of this call."""
        import logging  # noqa: PLC0415 - a cost that handlers pay only if they log

        return self.logger or logging.getLogger()


class AlicloudWorker:
    """WorkerSide of Function Compute."""

    def environment(self, identity: Identity) -> dict[str, str]:
        """The variables that Function Compute sets, with local values and no credentials."""
        return {
            "FC_ACCOUNT_ID": _ACCOUNT,
            "FC_FUNCTION_HANDLER": identity.handler,
            "FC_FUNCTION_MEMORY_SIZE": str(identity.memory_mb),
            "FC_FUNCTION_NAME": identity.function,
            "FC_INSTANCE_ID": f"c-local-{identity.revision}",
            "FC_QUALIFIER": _QUALIFIER,
            "FC_REGION": _REGION,
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }

    def decode(self, event: bytes) -> bytes:
        """The event as it came: a handler gets bytes, and parses them itself."""
        return event

    def context(self, identity: Identity, invocation: Invocation) -> FCContext:
        """The context of one call."""
        return FCContext(identity, invocation)

    def encode(self, result: Any) -> bytes:
        """What Function Compute makes of a result: text and bytes as they are, all else JSON.

        Raises TypeError where the runtime would answer with an error of its own.
        """
        if isinstance(result, bytes):
            return result
        try:
            if isinstance(result, str):
                return result.encode()
            return (
                usual_result(result)
                or json.dumps(result, default=_other, indent=4, sort_keys=True).encode()
            )
        except (ValueError, RecursionError) as error:
            raise TypeError(f"the result cannot be written as JSON: {error}") from error


def _other(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if hasattr(value, "to_json"):
        return value.to_json()
    raise TypeError(f"{value!r:.80} is not JSON serializable")
