"""What becomes of the refusals of OSS, MNS and the secret parameters.

| Alibaba Cloud says                               | the port raises      |
|--------------------------------------------------|----------------------|
| access denied                                    | AccessDeniedError    |
| no such bucket or queue                          | ResourceMissingError |
| throttled, 5xx, no connection, no answer in time | UnavailableError     |
| credentials that are missing or have expired     | UnavailableError     |
| anything else                                    | PortError            |

Access is denied when the role lacks what `may` states, so that is the same error: the stack is not
deployed as declared. Credentials are no grant: the runtime renews them.
"""

from app.ports.errors import AccessDeniedError, PortError, ResourceMissingError, UnavailableError

_DENIED = frozenset({"AccessDenied", "Forbidden", "Forbidden.KMS", "Forbidden.RAM", "NoPermission"})
_MISSING = frozenset({"NoSuchBucket", "QueueNotExist"})
_EXPIRED = (
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "RequestTimeTooSkewed",
    "SecurityTokenExpired",
    "TimeExpired",
)
_THROTTLED = ("Throttling", "QpsLimitExceeded", "ServiceUnavailable")
_ANSWERED_BADLY = 500
_BUSY = frozenset({408, 429})


def refused(service: str, operation: str, code: str, status: int) -> PortError:
    """The error for an answer; its words hold no value of the caller's."""
    said = f"{service} answered {operation} with {code or 'no reason'} ({status})"
    # these codes come with endings that differ by service, as InvalidSecurityToken.Expired
    if code.startswith(_EXPIRED + _THROTTLED) or status >= _ANSWERED_BADLY or status in _BUSY:
        return UnavailableError(f"{said}: try again")
    if code in _DENIED:
        return AccessDeniedError(
            f"{said}: the function's role may not do this; bring the stack up again, "
            "which makes the role from the grants in infra/shop.py"
        )
    if code in _MISSING:
        return ResourceMissingError(f"{said}: bring the stack up, which makes it")
    return PortError(said)


def silent(service: str, reason: object) -> UnavailableError:
    """The error for no answer; `reason` is the name of an exception."""
    return UnavailableError(f"{service} did not answer: {reason}")
