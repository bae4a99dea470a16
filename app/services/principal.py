"""Whose cart and orders a request is about: a user's, or a guest's."""

from dataclasses import dataclass

from app.domain.errors import UnauthenticatedError
from app.ports.clock import Clock
from app.ports.tables import Table
from app.ports.tokens import Tokens
from app.services.accounts import Account
from app.services.authenticate import authenticate
from app.services.cart_tokens import guest_of


@dataclass(frozen=True, slots=True, repr=False)
class Principal:
    """Who asks. `id` is `user:<user id>` or `guest:<a ULID>`; a guest has no account."""

    id: str
    account: Account | None = None


def user_principal(user_id: str) -> str:
    """The principal of a user."""
    return f"user:{user_id}"


def principal(
    authorization: str,
    cart_token: str,
    *,
    users: Table,
    sessions: Table,
    tokens: Tokens,
    clock: Clock,
) -> Principal:
    """Who asks, by two headers ("" where a request has none): the user goes before the guest.

    Raises UnauthenticatedError and PortError.
    """
    if authorization:
        caller = authenticate(
            authorization, users=users, sessions=sessions, tokens=tokens, clock=clock
        )
        return Principal(user_principal(caller.account.user_id), caller.account)
    if cart_token:
        return Principal(guest_of(cart_token, tokens=tokens))
    raise UnauthenticatedError(
        "this needs a token: authorization: Bearer <token>, or x-cart-token: <token>"
    )
