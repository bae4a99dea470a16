"""boto3's clients, one a service, and what becomes of their errors.

Nothing of boto3 is loaded before the first client is asked for: that takes longer than all else in
a cold start, and a function that needs none does not pay. (Where Lambda starts an instance ahead of
its first request, the entrypoint loads it.) Region and credentials are the runtime's.

| AWS says                                         | the port raises      |
|--------------------------------------------------|----------------------|
| access denied                                    | AccessDeniedError    |
| no such table, bucket, queue or secret           | ResourceMissingError |
| throttled, 5xx, no connection, no answer in time | UnavailableError     |
| credentials that are missing or have expired     | UnavailableError     |
| anything else                                    | PortError            |

Access is denied when the role lacks what `may` states, so that is the same error: the stack is not
deployed as declared. Credentials are no grant: the runtime renews them.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from app.ports.errors import AccessDeniedError, PortError, ResourceMissingError, UnavailableError

CONNECT_S = 1.0  # within a region that takes milliseconds
READ_S = 4.0  # until the next bytes of an answer
ATTEMPTS = 3
PAUSES_S = (0.05, 0.2)  # at most, before the second attempt and the third

# what a client of this service has beside the usual
_OF_SERVICE: dict[str, dict[str, Any]] = {
    # its tables repeat what may be repeated: a client knows no difference
    "dynamodb": {"retries": {"mode": "standard", "total_max_attempts": 1}},
    # signs the size of what is uploaded, which the older signature leaves open, for an address in
    # the bucket's own region: the usual one redirects while a bucket is new, and a PUT with it
    "s3": {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}},
}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "KMSAccessDeniedException", "403"})
_MISSING = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_ANSWERED_BADLY = 500


def make(service: str, **where: Any) -> Any:
    """A new client; `where` are arguments of boto3's, instead of what the environment says."""
    configuration = {
        "connect_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
        **_OF_SERVICE.get(service, {}),
    }
    config = import_module("botocore.config").Config(**configuration)
    return import_module("boto3").client(service, config=config, **where)


client = cache(make)
"""The client of a service (`dynamodb`, `s3`, `sqs`, `secretsmanager`), the same one each time."""


def ask(
    client: Any,
    operation: str,
    asked: Mapping[str, Any],
    *,
    again: Callable[[Exception], bool],
    pauses_s: Sequence[float] = PAUSES_S,
) -> Any:
    """The answer; after an error another attempt, if `again` says so, as long as there are pauses.

    For clients that make a single attempt. Raises what boto3 raises.
    """
    exceptions = import_module("botocore.exceptions")
    for pause_s in pauses_s:
        try:
            return getattr(client, operation)(**asked)
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            if not again(error):
                raise
        time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - no secret
    return getattr(client, operation)(**asked)


def client_error() -> Any:
    """Botocore's ClientError: AWS answered, and not well."""
    return import_module("botocore.exceptions").ClientError


def code(error: Any) -> str:
    """What AWS calls a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def unavailable(error: Exception) -> bool:
    """Whether another attempt may go better; what was asked may have been done."""
    return isinstance(_translation(error), UnavailableError)


def never_happened(error: Exception) -> bool:
    """Whether nothing was done, since AWS says so or there was no connection."""
    exceptions = import_module("botocore.exceptions")
    if isinstance(error, exceptions.ClientError):
        return code(error) in _THROTTLED
    unsent = (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError)
    return isinstance(error, unsent)


@contextmanager
def translated() -> Iterator[None]:
    """What boto3 raises inside, as the port's error; its words hold no value of the caller's."""
    exceptions = import_module("botocore.exceptions")
    try:
        yield
    except (exceptions.ClientError, exceptions.BotoCoreError) as error:
        raise _translation(error) from error


def _translation(error: Exception) -> PortError:
    exceptions = import_module("botocore.exceptions")
    if isinstance(error, exceptions.ClientError):
        return _answered(error)
    silent = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        exceptions.NoCredentialsError,
        exceptions.CredentialRetrievalError,
    )
    if isinstance(error, silent):
        return UnavailableError(f"AWS did not answer: {type(error).__name__}")
    return PortError(f"AWS could not be asked: {type(error).__name__}")


def _answered(error: Any) -> PortError:
    found, status = code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"AWS answered {error.operation_name} with {found} ({status})"
    if found in _DENIED:
        return AccessDeniedError(
            f"{said}: the function's role may not do this; bring the stack up again, "
            "which makes the role from the grants in infra/shop.py"
        )
    if found in _MISSING:
        return ResourceMissingError(f"{said}: bring the stack up, which makes it")
    if found in _THROTTLED | _EXPIRED or status >= _ANSWERED_BADLY:
        return UnavailableError(f"{said}: try again")
    return PortError(said)
