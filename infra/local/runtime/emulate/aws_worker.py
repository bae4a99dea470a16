"""The worker's half of `emulate: aws`: Lambda's python3.13 runtime.

docs/emulation.md gives the source of each rule. What a result becomes follows the encoder of
Lambda's own runtime client, simplejson with a few options.
"""

import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from json.encoder import encode_basestring
from types import SimpleNamespace
from typing import Any

import orjson

from infra.local.runtime.emulate import Identity, Invocation
from infra.local.runtime.emulate.usual import usual_result

_REGION = "us-east-1"
_VERSION = "$LATEST"


class LambdaContext:
    """What Lambda hands to a handler beside the event."""

    def __init__(self, identity: Identity, invocation: Invocation) -> None:
        self.aws_request_id = invocation.request_id
        self.function_name = identity.function
        self.function_version = _VERSION
        self.invoked_function_arn = (
            f"arn:aws:lambda:{_REGION}:000000000000:function:{identity.function}"
        )
        self.memory_limit_in_mb = str(identity.memory_mb)  # a text, as in Lambda
        self.log_group_name = f"/aws/lambda/{identity.function}"
        self.log_stream_name = _log_stream(identity)
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self.tenant_id = None
        self._deadline = invocation.deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time-out, never below 0."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


class AwsWorker:
    """WorkerSide of Lambda."""

    def environment(self, identity: Identity) -> dict[str, str]:
        """The variables that Lambda sets, with local values and no credentials."""
        return {
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(identity.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": identity.function,
            "AWS_LAMBDA_FUNCTION_VERSION": _VERSION,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{identity.function}",
            "AWS_LAMBDA_LOG_STREAM_NAME": _log_stream(identity),
            "AWS_REGION": _REGION,
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TZ": ":UTC",
            "_HANDLER": identity.handler,
        }

    def decode(self, event: bytes) -> Any:
        """The event as Lambda's runtime parses it: dicts, lists, texts, numbers."""
        return orjson.loads(event)

    def context(self, identity: Identity, invocation: Invocation) -> LambdaContext:
        """The context of one call."""
        return LambdaContext(identity, invocation)

    def encode(self, result: Any) -> bytes:
        """What Lambda makes of a result: JSON, or bytes as they are.

        Raises TypeError where Lambda would answer Runtime.MarshalError.
        """
        if isinstance(result, bytes):
            return result
        encoded = usual_result(result)
        if encoded is not None:
            return encoded
        try:
            return _written(result).encode()
        except (ValueError, RecursionError) as error:
            raise TypeError(f"the result cannot be written as JSON: {error}") from error


def _log_stream(identity: Identity) -> str:
    return f"local/[{_VERSION}]{identity.revision}"


def _written(value: Any) -> str:  # noqa: PLR0911 - one return a kind
    """The value as JSON text, spaced as in Lambda: without `statusCode` it is the answer's body."""
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, bytes):
        return encode_basestring(value.decode())
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Decimal):
        return "NaN" if value.is_nan() else str(value)
    if isinstance(value, dict):
        return _object(value.items())
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _object(value._asdict().items())
    if isinstance(value, list | tuple):
        return f"[{', '.join([_written(each) for each in value])}]"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_CONSTANTS = {None: "null", True: "true", False: "false"}
_INFINITY = float("inf")


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "NaN"
    if abs(value) == _INFINITY:
        return "Infinity" if value > 0 else "-Infinity"
    return float.__repr__(value)


def _object(items: Iterable[tuple[Any, Any]]) -> str:
    return f"{{{', '.join([f'{_key(name)}: {_written(value)}' for name, value in items])}}}"


def _key(name: Any) -> str:
    if isinstance(name, str | bytes):
        return _written(name)
    if name is None or isinstance(name, int | float):
        return f'"{_written(name)}"'
    raise TypeError(f"keys must be str, int, float, bool or None, not {type(name).__name__}")
