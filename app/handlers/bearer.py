"""Who calls, by the bearer token of the request: what handlers give as `Operation.user`."""

from app.bootstrap import Services
from app.messages import Request
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
