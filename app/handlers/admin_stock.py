"""What admins do with stock."""

from typing import Annotated

from msgspec import Meta

from app.bootstrap import Services
from app.handlers.bearer import admin
from app.handlers.carts_bodies import Product
from app.handlers.idempotency import HEADER, Key, key_of
from app.handlers.sagas import saga
from app.messages import Request, Response
from app.operation import Hidden, Operation, answered
from app.services.adjust_stock import MOST_PIECES, Wish, adjust_stock
from app.services.authenticate import Caller
from app.services.stock_left import stock_left

Delta = Annotated[
    int,
    Meta(
        ge=-MOST_PIECES,
        le=MOST_PIECES,
        description="Pieces more, or fewer (below 0); not 0.",
        examples=[25],
    ),
]
Reason = Annotated[
    str, Meta(min_length=1, max_length=500, description="Why.", examples=["a delivery"])
]
Left = Annotated[int, Meta(ge=0, description="Pieces that can be sold now.", examples=[125])]


class NewAdjustment(Hidden):
    """How many pieces came, or went, other than by orders."""

    delta: Delta
    reason: Reason


class StockSeen(Hidden):
    """How many pieces are left."""

    product: Product
    available: Left


def look(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """Find how many pieces of a product are left.

    Those that orders hold are not among them.
    """
    return answered(200, _seen(request.path_parameters["product"], services))


def adjust(request: Request, services: Services, *, user: Caller, body: NewAdjustment) -> Response:
    """Adjust a product's stock.

    With the same key it is done once. 409 says that there are too few pieces, or that the key was
    used for another adjustment.
    """
    product = request.path_parameters["product"]
    by = user.account.user_id
    wish = Wish(product, body.delta, body.reason, by, f"{by} {key_of(request)}")
    _seen(product, services)
    adjust_stock(wish, saga(services))
    return answered(200, _seen(product, services))


_ID = {"product": Product}

STOCK = {
    "GET /admin/products/{product}/stock": Operation(
        look, user=admin, gives={200: StockSeen}, refuses=(403, 404), parameters=_ID
    ),
    "POST /admin/products/{product}/stock": Operation(
        adjust,
        takes=NewAdjustment,
        user=admin,
        gives={200: StockSeen},
        refuses=(403, 404, 409),
        parameters=_ID,
        headers={HEADER: Key},
    ),
}


def _seen(product: str, services: Services) -> StockSeen:
    left = stock_left(product, products=services.table("products"), stock=services.table("stock"))
    return StockSeen(product=product, available=left)
