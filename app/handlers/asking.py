"""Who asks, a user or a guest: what handlers of carts and orders give as `Operation.user`."""

from app.bootstrap import Services
from app.messages import Request
from app.services import principal as of
from app.services.principal import Principal


def principal(request: Request, services: Services) -> Principal:
    """Whose tokens they are. Raises UnauthenticatedError and PortError."""
    return of.principal(
        request.headers.get("authorization", ""),
        request.headers.get("x-cart-token", ""),
        users=services.table("users"),
        sessions=services.table("sessions"),
        tokens=services.tokens,
        clock=services.clock,
    )
