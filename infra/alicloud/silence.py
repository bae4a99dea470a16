"""Why a command got no answer of Alibaba Cloud, in words."""

from socket import gaierror

from app.adapters.common.calls import SilentError
from infra.errors import PlatformError


def unanswered(what: str, error: SilentError, *, undone: str, doubt: str) -> PlatformError:
    """What tells of it: `undone` where there was no connection, and else `doubt` at the end."""
    nothing = unsent(error)
    reason = f"{why(error)}, {undone}" if nothing else why(error)
    return PlatformError(
        f"{what}: Alibaba Cloud did not answer ({reason})\n→ see that the network is there, and "
        f"that alicloud:region in the stack's file is a region{'' if nothing else doubt}"
    )


def unsent(error: SilentError) -> bool:
    """Whether there was no connection, so that nothing can have been done."""
    return isinstance(error.__cause__, gaierror | ConnectionRefusedError)


def why(error: SilentError) -> str:
    """What went wrong, for people."""
    match error.__cause__:
        case gaierror():
            return "its address is not known here"
        case ConnectionRefusedError():
            return "nothing takes connections there"
        case TimeoutError():
            return "it took too long"
    return str(error)
