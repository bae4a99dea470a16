"""What customers do in a flash sale, and when: seeded, so that each contestant gets the same. Pure.

Arrivals are the simulator's (`workloads.flash_sale`), what each asks for follows the shop's own
shares (`shop_traffic.MIX`) of the routes below. No request waits for another's answer, but for who
pays, confirms and looks at an order: that is a later arrival, and not sent where there is none.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bench.orders import ADDRESS, PRICE
from infra.shop_traffic import MIX
from infra.simulation import workloads

ORDER: Final = "POST /orders"
PAY: Final = "POST /payments/fake/{payment}"
CONFIRM: Final = "POST /orders/{order}/confirm"
LOOK: Final = "GET /orders/{order}"
PAGE: Final = "GET /products"
PRODUCT: Final = "GET /products/{product}"
CART: Final = "POST /carts"
SEEN_CART: Final = "GET /cart"
ADDED: Final = "POST /cart/lines"
FOLLOWING: Final = (PAY, CONFIRM, LOOK)  # what becomes of an order, in this order
ROUTES: Final[Mapping[str, int]] = {
    PAGE: 200, PRODUCT: 200, CART: 201, SEEN_CART: 200, ADDED: 200, ORDER: 201,
    PAY: 200, CONFIRM: 200, LOOK: 200,
}  # fmt: skip
"""What is asked for, and the status by which it is answered when it is done."""

LEAD_S: Final = 12.0
_THINKS_S: Final = 1.0  # from one step of an order to the next, at least
_HOT: Final = 0.5  # the share of all looks, and of all orders, that are for the product on sale
_MINE: Final = (SEEN_CART, ADDED, ORDER, CONFIRM, LOOK)  # whoever asks shows a cart's token
_JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that will come, `at` seconds after the start (below 0: before it).

    `order` is the number of the visit that places the order which this is about, or -1.
    """

    at: float
    route: str
    order: int = -1


@dataclass(frozen=True, slots=True)
class Goods:
    """What there is: products, the one on sale first, and carts' tokens.

    A cart of `full` has one piece in it, of `PRICE`, and each order takes one of them; `common` are
    looked at and filled.
    """

    products: Sequence[str]
    full: Sequence[str] = field(repr=False)
    common: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent; in the path `{order}` and `{page}` stand for what `order` got."""

    at: float
    route: str
    path: str
    headers: Mapping[str, str]
    body: str = ""
    order: int = -1


def arrivals(seed: int, seconds: float, scale: float) -> list[float]:
    """When requests come, in seconds: `scale` times as many as in the simulator's flash sale.

    That has 24 a second with its bursts, and 144 in the middle third. Before it, in the LEAD_S
    before 0, as many as at its beginning come in by and by: no shop meets a sale asleep.
    """
    random = Random(seed)  # noqa: S311 - has to be repeatable, not secret
    lead = workloads.flash_sale(seed + 1, 3 * LEAD_S * scale)  # its first third
    return [
        *(
            at / scale - LEAD_S
            for at, _ in lead
            if at / scale < LEAD_S and random.random() < at / scale / LEAD_S
        ),
        *(at / scale for at, _ in workloads.flash_sale(seed, seconds * scale)),
    ]


def drawn(times: Sequence[float], seed: int) -> list[Visit]:
    """What each arrival is for: an order's next step is taken up a second after the one before."""
    random = Random(seed)  # noqa: S311 - has to be repeatable, not secret
    routes, shares = list(ROUTES), [MIX[each] for each in ROUTES]
    ready: dict[str, deque[tuple[float, int]]] = {route: deque() for route in FOLLOWING}
    found: list[Visit] = []
    for at in times:
        (route,) = random.choices(routes, shares)
        order = -1
        if route == ORDER:
            ready[PAY].append((at + _THINKS_S, len(found)))
        elif route in ready:
            if not ready[route] or ready[route][0][0] > at:
                route = PAGE
            else:
                _, order = ready[route].popleft()
                if route != LOOK:
                    then = FOLLOWING[FOLLOWING.index(route) + 1]
                    ready[then].append((at + _THINKS_S, order))
        found.append(Visit(at, route, order))
    return found


def asked(visits: Sequence[Visit], goods: Goods, seed: int) -> list[Asked]:
    """The requests of these visits. `goods` has a full cart for each order."""
    random = Random(seed)  # noqa: S311 - has to be repeatable, not secret
    full = iter(goods.full)
    carts: dict[int, str] = {}  # by the number of the order's visit
    found = []
    for number, visit in enumerate(visits):
        product = some_product(random, goods.products)
        cart = goods.common[number % len(goods.common)]
        if visit.route == ORDER:
            cart = carts[number] = next(full)
        elif visit.order >= 0:
            cart = carts[visit.order]
        found.append(_asked(visit, product, cart, f"flash-{seed}-{number}"))
    return found


def some_product(random: Random, products: Sequence[str]) -> str:
    """The one on sale half of the time, else any."""
    return products[0] if random.random() < _HOT else random.choice(products)


def _asked(visit: Visit, product: str, cart: str, key: str) -> Asked:
    method, _, path = visit.route.partition(" ")
    paths = {PAGE: "/products?limit=20", PRODUCT: f"/products/{product}", PAY: "{page}"}
    bodies: Mapping[str, object] = {
        ADDED: {"lines": [{"product": product, "quantity": 1}]},
        ORDER: {"expected_total": PRICE, "email": "bench@letters.example", "address": ADDRESS},
        PAY: {"card": "good"},
    }
    headers = dict(_JSON) if method == "POST" else {}
    if visit.route in _MINE:
        headers["x-cart-token"] = cart
    if visit.route == ORDER:
        headers["idempotency-key"] = key
    body = json.dumps(bodies[visit.route]) if visit.route in bodies else ""
    return Asked(visit.at, visit.route, paths.get(visit.route, path), headers, body, visit.order)
