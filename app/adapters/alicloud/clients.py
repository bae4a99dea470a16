"""TableStore's clients, one an instance of it, and what becomes of their errors.

Nothing of the SDK is loaded before the first client is asked for. A client reads its credentials
from the environment for each request, since the runtime renews them there.

| TableStore says                                            | the port raises      |
|------------------------------------------------------------|----------------------|
| no permission; a key or signature that it does not take    | AccessDeniedError    |
| no such table                                              | ResourceMissingError |
| a row or a value that is too large, too many columns       | InvalidValueError    |
| busy, throttled, 5xx, no connection, no answer in time     | UnavailableError     |
| an answer that the SDK cannot read, or that is not signed  | UnavailableError     |
| credentials that have expired                              | UnavailableError     |
| anything else                                              | PortError            |

The codes are those of help/en/tablestore/developer-reference/error-codes; which of them mean that
nothing was done is the SDK's own list (`RetryUtil.should_retry_no_matter_which_api`), but for an
unavailable partition, of which the page says only that it is one.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from app.adapters.alicloud.keys import Keys, keys, region
from app.adapters.alicloud.sdk import sdk
from app.ports.errors import (
    AccessDeniedError,
    InvalidValueError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)

CONNECT_S = 1.0  # within a region that takes milliseconds
READ_S = 4.0  # until the next bytes of an answer
PAUSES_S = (0.05, 0.2)  # at most, before the second attempt and the third

CONDITION_FAILED = "OTSConditionCheckFail"
NOT_VALID = "OTSParameterInvalid"
_NO_PERMISSION = "OTSNoPermissionAccess"
_NOT_TAKEN = "OTSAuthFailed"
_MISSING = frozenset({"OTSObjectNotExist"})
_TOO_LARGE = frozenset(
    {"OTSOutOfColumnCountLimit", "OTSOutOfRowSizeLimit", "OTSRequestBodyTooLarge"}
)
_NOT_DONE = frozenset(
    {
        "OTSNotEnoughCapacityUnit",
        "OTSOperationConflict",
        "OTSOperationThrottled",
        "OTSQuotaExhausted",
        "OTSRowOperationConflict",
        "OTSServerBusy",
        "OTSTableNotReady",
    }
)
_SILENT = frozenset(
    {
        "OTSInternalServerError",
        "OTSPartitionUnavailable",
        "OTSRequestTimeout",
        "OTSServerUnavailable",
        "OTSTimeout",
    }
)
_ANSWERED_BADLY = 500


def make(
    endpoint: str,
    instance: str,
    where: str,
    credentials: Callable[[], Keys] = keys,
) -> Any:
    """A new client, which asks once; `where` is the region, by which it signs."""
    loaded, urllib3 = sdk(), import_module("urllib3")
    client = loaded.OTSClient(
        endpoint,
        instance_name=instance,
        credentials_provider=_provider(credentials),
        region=where,
        socket_timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        retry_policy=import_module("tablestore.retry").NoRetryPolicy(),
        enable_native=False,
    )
    client.connection.pool.connection_pool_kw["retries"] = urllib3.Retry(0)
    return client


@cache
def client(endpoint: str, instance: str) -> Any:
    """The client of an instance, the same one each time."""
    return make(endpoint, instance, region())


def ask(
    question: Callable[[], Any],
    again: Callable[[Exception], bool],
    pauses_s: Sequence[float] = PAUSES_S,
) -> Any:
    """The answer; after an error another attempt, if `again` says so, as long as there are pauses.

    Raises what the SDK raises.
    """
    for pause_s in pauses_s:
        try:
            return question()
        except errors() as error:
            if not again(error):
                raise
        time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - no secret
    return question()


def errors() -> tuple[type[Exception], ...]:
    """All that a client raises."""
    found = import_module("tablestore.error")
    network = import_module("urllib3.exceptions")
    unread = import_module("google.protobuf.message").DecodeError
    return found.OTSServiceError, found.OTSClientError, network.HTTPError, unread


def code(error: Exception) -> str:
    """What TableStore calls its error; "" for one that is not its own."""
    return str(getattr(error, "code", ""))


def unavailable(error: Exception) -> bool:
    """Whether another attempt may go better; what was asked may have been done."""
    return isinstance(_translation(error), UnavailableError)


def never_happened(error: Exception) -> bool:
    """Whether nothing was done, since TableStore says so or there was no connection."""
    if code(error):
        return code(error) in _NOT_DONE
    reason = getattr(error, "reason", None)
    return isinstance(reason, import_module("urllib3.exceptions").ConnectTimeoutError)


@contextmanager
def translated() -> Iterator[None]:
    """Raises PortError for what a client raises."""
    try:
        yield
    except errors() as error:
        raise _translation(error) from error


def _translation(error: Exception) -> PortError:
    if code(error):
        return _answered(error)
    reason = getattr(error, "reason", None)
    kind = type(reason if isinstance(reason, Exception) else error).__name__
    return UnavailableError(f"TableStore did not answer: {kind}")


def _answered(error: Any) -> PortError:
    found, status = code(error), error.http_status
    said = f"TableStore answered with {found} ({status})"
    if found == _NO_PERMISSION or (found == _NOT_TAKEN and "expire" not in error.message.lower()):
        return AccessDeniedError(
            f"{said}: the function's role may not do this; bring the stack up again, "
            "which makes the role from the grants in infra/shop.py"
        )
    if found in _MISSING:
        return ResourceMissingError(f"{said}: bring the stack up, which makes it")
    if found in _TOO_LARGE:
        return InvalidValueError(f"{said}: keep what is large in a bucket")
    if found in _NOT_DONE | _SILENT | {_NOT_TAKEN} or status >= _ANSWERED_BADLY:
        return UnavailableError(f"{said}: try again")
    return PortError(said)


def _provider(credentials: Callable[[], Keys]) -> Any:
    """What the SDK asks for credentials before each request."""
    module = import_module("tablestore.credentials")

    class Asked(module.CredentialsProvider):  # type: ignore[misc, name-defined] # known when loaded
        def get_credentials(self) -> Any:
            found = credentials()
            return module.Credentials(found.id, found.secret, found.token or None)

    return Asked()
