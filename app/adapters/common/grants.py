"""What a function may do with what it was granted."""

from collections.abc import Collection

from app.ports.errors import AccessDeniedError


def need(action: str, may: Collection[str], what: str, function: str) -> None:
    """Raise AccessDeniedError unless `function` may do this to `what` (`the table users`)."""
    if action not in may:
        raise AccessDeniedError(
            f"the function {function} has no grant to {action} {what}: add one in infra/shop.py"
        )
