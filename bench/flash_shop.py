"""The shop of the flash sale: its instances, what it sells, and its books afterwards."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from app.services import order_rows
from bench.cloud import Cloud, copied
from bench.contestants import await_answer
from bench.flash_plan import ROUTES, Goods
from bench.orders import PIECES, filled, table
from infra import shop
from infra.cli.shop_http import Shop
from infra.local import plan
from infra.local.places import Places
from infra.local.ports import free_port
from infra.model import Function, Platform, Provider
from infra.settings import Settings
from infra.settings_local import Local

QUEUE_MS: Final = 1000
PRODUCTS: Final = 200
COMMON: Final = 64
_LOG_MB: Final = 1024  # not to be rotated


@dataclass(frozen=True, slots=True)
class Contestant:
    """How many instances each function under load has at least and at most.

    A call for which there is none may wait for `queue_ms`; 0: it is refused, as on a cloud.
    """

    name: str
    minimum: int
    maximum: int
    queue_ms: int = QUEUE_MS


CONTESTANTS: Final = (
    Contestant("autoscaler", 0, 8),
    Contestant("fixed 1", 1, 1),
    Contestant("fixed 2", 2, 2),
    Contestant("fixed 4", 4, 4),
)


def under_load() -> dict[str, str]:
    """The function that answers each route of the sale."""
    routes = shop.platform(Settings(target="local"), plan.LOCAL_STACK).routes
    return {each.key: each.function for each in routes if each.key in ROUTES}


def platform(contestant: Contestant) -> Platform:
    """The whole shop, where what is under load has so many instances, and calls may wait."""
    made = shop.platform(Settings(target="local"), plan.LOCAL_STACK)
    loaded = set(under_load().values())
    return replace(
        made,
        functions=tuple(
            _scaled(each, contestant) if each.name in loaded else each for each in made.functions
        ),
    )


def _scaled(function: Function, contestant: Contestant) -> Function:
    scaling = replace(
        function.scaling,
        min_instances=contestant.minimum,
        max_instances=contestant.maximum,
        queue_ms=contestant.queue_ms,
    )
    return replace(function, scaling=scaling)


@contextmanager
def opened(
    checkout: Path, root: Path, contestant: Contestant, emulate: Provider = "aws"
) -> Iterator[Cloud]:
    """A local cloud in `root` with this shop, all else as a stack has it that states nothing."""
    copied(checkout, root)
    settings = Local(emulate=emulate, storage_port=free_port(), log_max_mb=_LOG_MB)
    with Cloud.open(root, platform(contestant), settings, free_port()) as cloud:
        await_answer(f"http://127.0.0.1:{cloud.port}/health", lambda: True)
        yield cloud


def stocked(places: Places, guest: Shop, orders: int, count: int = PRODUCTS) -> Goods:
    """So many products, and carts by HTTP: a full one for each order. Raises PlatformError."""
    products = filled(places, count)
    return Goods(products, list(_carts(guest, products, orders)), list(_carts(guest, (), COMMON)))


def _carts(guest: Shop, products: Sequence[str], count: int) -> Iterator[str]:
    """So many new carts, with one piece in each where there are products: half have the first."""
    for number in range(count):
        token: str = guest.expect(201, "POST", "/carts")["cart_token"]
        if products:
            product = products[0 if number % 2 else number // 2 % len(products)]
            path, mine = f"/cart/lines/{product}", {"x-cart-token": token}
            guest.expect(200, "PUT", path, {"quantity": 1}, mine)
        yield token


def wrong_books(
    places: Places, products: Sequence[str], placed: Sequence[Any], paid: Sequence[str]
) -> list[str]:
    """What does not hold, each in a sentence.

    Each order that was placed is there, paid if its customer was told so, and what is out of stock
    is theirs. `placed` are the answers to orders, `paid` the ids of those told to be paid.
    """
    found, taken = [], Counter[str]()
    with closing(table(places, "orders")) as orders, closing(table(places, "stock")) as stock:
        for each in placed:
            row = orders.get(order_rows.key_of(each["order"]))
            order = None if row is None else order_rows.read_order(row)
            if order is None or order.outcome != "placed" or order.total != each["total"]:
                found.append(f"order {each['order']} was placed, and is not so")
                continue
            if order.order in paid and order.state != "paid":
                found.append(f"order {order.order} was paid, and is {order.state}")
            taken.update({line.product: line.quantity for line in order.lines})
        for product in products:
            row = stock.get({"product": product})
            gone = PIECES - int(row["available"]) if row else PIECES
            if gone != taken[product]:
                found.append(f"{gone} pieces of {product} were taken, and {taken[product]} sold")
    return found
