"""OSS's clients, and what becomes of their errors (see `answers`).

Nothing of the SDK is loaded before the first client is asked for: it takes longer than all else in
a cold start. A client asks for its credentials at each request, since the runtime renews them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from app.adapters.alicloud import answers
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.keys import keys as keys_now
from app.adapters.common.calls import CONNECT_S, PAUSES_S, READ_S
from app.ports.errors import PortError, UnavailableError

_ATTEMPTS = len(PAUSES_S) + 1
_SIZE = "content-length"


def sdk() -> Any:
    """The SDK's module; in packages without what encrypts in the client: infra/packages/cuts.py."""
    import alibabacloud_oss_v2  # noqa: PLC0415 - takes longer than all else in a cold start

    return alibabacloud_oss_v2


def make(
    endpoint: str, region: str, keys: Callable[[], Keys] = keys_now, *, bound: bool = False
) -> Any:
    """A new client, which signs by the fourth version.

    `bound`: the endpoint is a domain that is bound to one bucket, whose name is not put before it.
    """
    loaded = sdk()

    def credentials() -> Any:
        found = keys()
        return loaded.credentials.Credentials(found.id, found.secret, found.token or None)

    config = loaded.config.load_default()
    config.region = region
    config.endpoint = endpoint
    config.use_cname = bound
    config.credentials_provider = loaded.credentials.CredentialsProviderFunc(credentials)
    config.readwrite_timeout = READ_S
    config.http_client = _transport()
    first_s, last_s = PAUSES_S
    config.retryer = loaded.retry.StandardRetryer(
        max_attempts=_ATTEMPTS, base_delay=first_s, max_backoff=last_s
    )
    return loaded.Client(config, signer=_signer())


client = cache(make)
"""The client of an endpoint, the same one each time."""


def public(endpoint: str) -> str:
    """The address of an endpoint for those outside of Alibaba Cloud's network."""
    return endpoint.replace("-internal.", ".")


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """What the SDK raises inside, as the port's error; its words hold no value of the caller's."""
    try:
        yield
    except sdk().exceptions.OperationError as error:
        raise _translation(operation, error.unwrap()) from None  # whose words hold the key
    except (SyntaxError, ValueError):  # of what reads XML, and numbers in headers
        raise unreadable(operation) from None


def unreadable(operation: str) -> UnavailableError:
    """The error for an answer that is none of OSS's; what was asked may have been done."""
    return UnavailableError(f"OSS answered {operation} with what cannot be read: try again")


def read(body: Any) -> bytes:
    """All of a body. Raises UnavailableError."""
    try:
        found: bytes = body.read()
    except OSError as error:  # as all of what the SDK reads with raises
        raise answers.silent("OSS", type(error).__name__) from error
    return found


def code(error: Any) -> tuple[str, int]:
    """What OSS called an OperationError, and its status; "" and 0 where it gave no answer."""
    cause = error.unwrap()
    if not isinstance(cause, sdk().exceptions.ServiceError):
        return "", 0
    return str(cause.code or ""), int(cause.status_code)


def _transport() -> Any:
    """What sends requests: the SDK's, which here leaves signatures and bodies as they are.

    It would put what ~/.netrc has for a host in the signature's place. And a sender may call what
    he uploads compressed, since no signature holds him to a `content-encoding`. Taken at his word,
    a small blob would fill the function's memory, and one that is not compressed could not be read.
    """
    made = sdk().transport.RequestsHttpClient(connect_timeout=CONNECT_S, readwrite_timeout=READ_S)
    made.open()
    made.session.auth = _signed  # or it would look for one
    made.session.hooks["response"].append(_as_stored)
    return made


def _signed(request: Any) -> Any:
    return request


def _as_stored(answer: Any, **_: Any) -> None:
    answer.raw.headers.pop("content-encoding", None)


def _signer() -> Any:
    """The SDK's, which here signs the size of what states it: its setting for that does nothing.

    OSS checks such headers: help/en/oss/developer-reference/recommend-to-use-signature-version-4.
    """
    kind = sdk().signer.SignerV4

    class Sized(kind):  # type: ignore[misc, valid-type] # known when loaded
        def sign(self, signing_ctx: Any) -> None:
            signing_ctx.additional_headers = {_SIZE}
            super().sign(signing_ctx)

    return Sized()


def _translation(operation: str, cause: Any) -> PortError:
    errors = sdk().exceptions
    if isinstance(cause, errors.ServiceError):
        return answers.refused("OSS", operation, str(cause.code or ""), int(cause.status_code))
    if isinstance(cause, errors.CredentialsFetchError):
        inner = cause.kwargs.get("error")
        if isinstance(inner, PortError):
            return inner
    if isinstance(cause, errors.RequestError | errors.ResponseError | errors.CredentialsBaseError):
        return answers.silent("OSS", type(cause).__name__)
    return PortError(f"OSS could not be asked: {type(cause).__name__}")
