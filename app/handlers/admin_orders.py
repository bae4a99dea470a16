"""What admins do with orders."""

from typing import Annotated, get_args

from msgspec import Meta

from app.bootstrap import Services
from app.domain.order import State
from app.domain.refund import Wish
from app.handlers.admin_orders_bodies import AdminOrder, AdminOrders, NewRefund, OrderId, seen
from app.handlers.bearer import admin
from app.handlers.days import Day, day_wanted
from app.handlers.idempotency import HEADER, Key, key_of
from app.handlers.pages import Cursor, Limit, limit_of
from app.handlers.sagas import saga
from app.messages import Request, Response
from app.operation import Operation, answered
from app.services.authenticate import Caller
from app.services.cancel_order import cancel_any
from app.services.fulfil_order import fulfil_order
from app.services.list_all_orders import get_any_order, list_all_orders
from app.services.refund import refund

AnyState = Annotated[State, Meta(description="Only those.", examples=["paid"])]
_STATES: dict[str, State] = {each: each for each in get_args(State)}


def list_all(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """List the orders of a day, the newest first.

    With `state`, a page may have fewer than `limit`, or none, and the next one some. The list lags
    behind a little.
    """
    page = list_all_orders(
        day_wanted(request, services.clock),
        _STATES.get(request.query.get("state", "")),
        limit_of(request),
        request.query.get("cursor", ""),
        orders=services.table("orders"),
    )
    return answered(200, AdminOrders(orders=[seen(each) for each in page.items], cursor=page.after))


def look(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """Find an order, whoever placed it."""
    return answered(200, _found(request, services))


def fulfil(request: Request, services: Services, *, user: Caller) -> Response:
    """Say that an order's goods are on their way.

    Asked again, they are still. 409 says that the order is not paid, or that a refund is pending.
    """
    fulfilled = fulfil_order(
        request.path_parameters["order"],
        user.account.user_id,
        orders=services.table("orders"),
        events=services.queue("events"),
        clock=services.clock,
    )
    return answered(200, seen(fulfilled))


def cancel(request: Request, services: Services, *, user: Caller) -> Response:
    """Cancel an order that is not paid.

    What it reserved goes back on the shelf. 409 says that it is paid: then a refund is what there
    is.
    """
    order = _found(request, services).order
    cancelled = cancel_any(order, user.account.user_id, saga(services))
    return answered(200, seen(cancelled))


def give_back(request: Request, services: Services, *, user: Caller, body: NewRefund) -> Response:
    """Refund an order, in whole or in part.

    With the same key it is done once. A refund that the provider has not decided on is pending, and
    is seen to. Of an order that cost nothing, all of its pieces come back, and nothing else. 409
    says that less is left, or that the key was used for another refund.
    """
    by = user.account.user_id
    wish = Wish(
        key=f"{by} {key_of(request)}",
        amount=body.amount,
        reason=body.reason,
        restock=body.restock
        if body.restock == "all"
        else tuple((each.product, each.quantity) for each in body.restock),
        by=by,
    )
    refund(_found(request, services).order, wish, saga(services))
    return answered(201, _found(request, services))


_ID = {"order": OrderId}

ORDERS = {
    "GET /admin/orders": Operation(
        list_all,
        user=admin,
        gives={200: AdminOrders},
        refuses=(403, 422),
        parameters={"day": Day, "state": AnyState, "cursor": Cursor, "limit": Limit},
    ),
    "GET /admin/orders/{order}": Operation(
        look, user=admin, gives={200: AdminOrder}, refuses=(403, 404), parameters=_ID
    ),
    "POST /admin/orders/{order}/fulfil": Operation(
        fulfil, user=admin, gives={200: AdminOrder}, refuses=(403, 404, 409), parameters=_ID
    ),
    "POST /admin/orders/{order}/cancel": Operation(
        cancel, user=admin, gives={200: AdminOrder}, refuses=(403, 404, 409), parameters=_ID
    ),
    "POST /admin/orders/{order}/refunds": Operation(
        give_back,
        takes=NewRefund,
        user=admin,
        gives={201: AdminOrder},
        refuses=(403, 404, 409),
        parameters=_ID,
        headers={HEADER: Key},
    ),
}


def _found(request: Request, services: Services) -> AdminOrder:
    order = request.path_parameters["order"]
    return seen(get_any_order(order, orders=services.table("orders")))
