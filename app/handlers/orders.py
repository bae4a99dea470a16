"""Orders of users and of guests: placed from their carts, paid, and cancelled."""

import msgspec

from app.bootstrap import Services
from app.domain.errors import InvalidError
from app.domain.plain import plain
from app.domain.promotion import folded
from app.domain.users import email as address_of
from app.handlers.asking import principal
from app.handlers.idempotency import HEADER, Key, key_of
from app.handlers.orders_bodies import (
    Address,
    NewOrder,
    OrderId,
    OrderSeen,
    OrdersSeen,
    Placed,
    placed,
    seen,
)
from app.handlers.pages import Cursor, Limit, limit_of
from app.handlers.sagas import counter, saga
from app.messages import Request, Response
from app.operation import Operation, answered
from app.services.cancel_order import cancel_order
from app.services.checkout import Asked, checkout
from app.services.confirm_order import confirm_order
from app.services.get_order import get_order
from app.services.list_orders import list_orders
from app.services.principal import Principal


def place(request: Request, services: Services, *, user: Principal, body: NewOrder) -> Response:
    """Order what is in my cart.

    Its goods are reserved for half an hour, for me to pay, and my cart is emptied. A payment that
    is declined cancels the order: to try again, fill the cart and order under another key. The same
    key gets the same answer, so after 503, or none, send the request again. 409 says that something
    is sold out, that the promotion does not hold, that the key was used for another order, that
    another key has ordered the cart, or that the cart costs something else now: then `total` is
    what it costs. 429 says that too many of my orders are not paid yet, and when the first of them
    is cancelled.
    """
    asked = Asked(
        principal=user.id,
        key=key_of(request),
        expected_total=body.expected_total,
        currency=body.currency,
        email=_email(user, body),
        address=_address(body.address),
        promotion=folded(body.promotion) if body.promotion else "",
    )
    return answered(201, placed(checkout(asked, counter(services))))


def list_mine(request: Request, services: Services, *, user: Principal) -> Response:
    """List my orders, the newest first.

    A new one may take a moment to be listed.
    """
    cursor = request.query.get("cursor", "") or None
    page = list_orders(user.id, cursor, limit_of(request), orders=services.table("orders"))
    view = OrdersSeen(orders=[seen(each) for each in page.orders], cursor=page.cursor or "")
    return answered(200, view)


def look(request: Request, services: Services, *, user: Principal) -> Response:
    """Find my order."""
    order = request.path_parameters["order"]
    return answered(200, seen(get_order(order, user.id, orders=services.table("orders"))))


def confirm(request: Request, services: Services, *, user: Principal) -> Response:
    """Say that I have paid.

    The provider of payments is asked, and the order as it is then is the answer.
    """
    order = request.path_parameters["order"]
    return answered(200, seen(confirm_order(order, user.id, saga(services))))


def cancel(request: Request, services: Services, *, user: Principal) -> Response:
    """Cancel my order, which is not paid yet.

    Its goods go back on the shelf. 409 says that it is paid.
    """
    order = request.path_parameters["order"]
    return answered(200, seen(cancel_order(order, user.id, saga(services))))


_ID = {"order": OrderId}

ROUTES = {
    "POST /orders": Operation(
        place,
        takes=NewOrder,
        user=principal,
        guests=True,
        gives={201: Placed},
        refuses=(409, 429),
        headers={HEADER: Key},
    ),
    "GET /orders": Operation(
        list_mine,
        user=principal,
        guests=True,
        gives={200: OrdersSeen},
        parameters={"cursor": Cursor, "limit": Limit},
        refuses=(422,),
    ),
    "GET /orders/{order}": Operation(
        look, user=principal, guests=True, gives={200: OrderSeen}, refuses=(404,), parameters=_ID
    ),
    "POST /orders/{order}/confirm": Operation(
        confirm,
        user=principal,
        guests=True,
        gives={200: OrderSeen},
        refuses=(404,),
        parameters=_ID,
    ),
    "POST /orders/{order}/cancel": Operation(
        cancel,
        user=principal,
        guests=True,
        gives={200: OrderSeen},
        refuses=(404, 409),
        parameters=_ID,
    ),
}


def _address(given: Address) -> str:
    """It as JSON. Raises InvalidError."""
    for name in given.__struct_fields__:
        plain(getattr(given, name), f"$.address.{name}")
    return msgspec.json.encode(given, order="sorted").decode()


def _email(user: Principal, body: NewOrder) -> str:
    """Where letters about the order go. Raises InvalidError."""
    own = "" if user.account is None else user.account.email
    found = address_of(body.email or own)
    if not found:
        raise InvalidError("an address of e-mail is needed: say where letters go", "$.email")
    return found
