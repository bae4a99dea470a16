"""Carts of users and of guests; the shop prices them each time it is asked."""

from app.bootstrap import Services
from app.domain.cart import Line
from app.domain.errors import NotFoundError
from app.domain.ids import is_id
from app.handlers.asking import principal
from app.handlers.carts_bodies import (
    CartSeen,
    Code,
    GuestCart,
    NewLines,
    Product,
    Quantity,
    priced_lines,
)
from app.messages import Request, Response
from app.operation import Operation, answered
from app.services.cart_rows import Cart, read_cart
from app.services.cart_tokens import new_guest
from app.services.change_cart import add_lines, empty, set_line
from app.services.principal import Principal
from app.services.view_cart import view_cart


def begin(_request: Request, services: Services) -> Response:
    """Begin a guest's cart.

    Nothing is stored before something is put into it. A cart that nobody touches for thirty days is
    dropped.
    """
    _, token, ends = new_guest(tokens=services.tokens, clock=services.clock)
    return answered(201, GuestCart(cart_token=token, expires_at=ends * 1000))


def look(request: Request, services: Services, *, user: Principal) -> Response:
    """Find my cart, at the prices of this moment.

    With `promotion`, less what that code takes off; where it takes off nothing, the answer says
    why.
    """
    return _seen(services, read_cart(user.id, carts=services.table("carts")), request)


def add(request: Request, services: Services, *, user: Principal, body: NewLines) -> Response:
    """Put more into my cart.

    404 says that a product is not sold, 409 that there would be more than 50 lines, more than 99
    pieces in one, or two currencies.
    """
    cart = add_lines(
        user.id,
        [Line(each.product, each.quantity) for each in body.lines],
        carts=services.table("carts"),
        products=services.table("products"),
        clock=services.clock,
    )
    return _seen(services, cart, request)


def put(request: Request, services: Services, *, user: Principal, body: Quantity) -> Response:
    """Have so many pieces of a product in my cart, however many there were."""
    return _set(request, services, user, body.quantity)


def remove(request: Request, services: Services, *, user: Principal) -> Response:
    """Take a product out of my cart; no error where there is none."""
    if not is_id(request.path_parameters["product"]):
        raise NotFoundError("no product has such an id")
    return _set(request, services, user, 0)


def clear(_request: Request, services: Services, *, user: Principal) -> Response:
    """Take everything out of my cart."""
    empty(user.id, carts=services.table("carts"), clock=services.clock)
    return Response(status=204)


_LINE = {"product": Product}

ROUTES = {
    "POST /carts": Operation(begin, gives={201: GuestCart}),
    "GET /cart": Operation(
        look,
        user=principal,
        guests=True,
        gives={200: CartSeen},
        refuses=(422,),
        parameters={"promotion": Code},
    ),
    "POST /cart/lines": Operation(
        add, takes=NewLines, user=principal, guests=True, gives={200: CartSeen}, refuses=(404, 409)
    ),
    "PUT /cart/lines/{product}": Operation(
        put,
        takes=Quantity,
        user=principal,
        guests=True,
        gives={200: CartSeen},
        refuses=(404, 409),
        parameters=_LINE,
    ),
    "DELETE /cart/lines/{product}": Operation(
        remove,
        user=principal,
        guests=True,
        gives={200: CartSeen},
        refuses=(404, 409),
        parameters=_LINE,
    ),
    "DELETE /cart": Operation(
        clear, user=principal, guests=True, gives={204: None}, refuses=(409,)
    ),
}


def _set(request: Request, services: Services, user: Principal, quantity: int) -> Response:
    cart = set_line(
        Line(request.path_parameters["product"], quantity),
        user.id,
        carts=services.table("carts"),
        products=services.table("products"),
        clock=services.clock,
    )
    return _seen(services, cart, request)


def _seen(services: Services, cart: Cart, request: Request) -> Response:
    seen = view_cart(
        cart,
        request.query.get("promotion", ""),
        products=services.table("products"),
        promotions=services.table("promotions"),
        clock=services.clock,
    )
    lines = priced_lines(seen.bill.lines)
    view = CartSeen(
        lines=lines,
        gone=list(seen.gone),
        currency=seen.bill.currency,
        subtotal=seen.bill.subtotal,
        discount=seen.bill.discount,
        total=seen.bill.total,
        promotion=seen.bill.promotion,
        promotion_refused=seen.promotion_refused,
    )
    return answered(200, view)
