"""Who calls, by the bearer token of the request: what handlers give as `Operation.user`."""

from app.bootstrap import Services
from app.domain.errors import ForbiddenError
from app.messages import Request
from app.services.accounts import ADMIN
from app.services.authenticate import Caller, authenticate


def caller(request: Request, services: Services) -> Caller:
    """Whose token it is. Raises UnauthenticatedError and PortError."""
    return authenticate(
        request.headers.get("authorization", ""),
        users=services.table("users"),
        sessions=services.table("sessions"),
        tokens=services.tokens,
        clock=services.clock,
    )


def admin(request: Request, services: Services) -> Caller:
    """Whose token it is, if he is an admin. Raises ForbiddenError, and as `caller` does."""
    found = caller(request, services)
    if found.account.role != ADMIN:
        raise ForbiddenError("this is for admins")
    return found
