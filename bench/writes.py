"""How many rows are written for an order, counted at the tables in one process."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from app.adapters.common.tables import schema_of
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.payments import MemoryPayments
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.tables import MemoryTable
from app.domain.cart import Line
from app.domain.ids import new_id
from app.domain.slots import fresh
from app.services.cart_rows import Cart, write_cart
from app.services.checkout import Asked, checkout
from app.services.checkout import Counter as Checkout
from app.services.confirm_order import confirm_order
from app.services.saga import Saga
from infra import shop
from infra.granted import keys

_NOW_MS = 1_764_000_000_000
_PRICE = 450
_WRITES = frozenset({"put", "update", "delete"})


def of_an_order(lines: int) -> tuple[int, int]:
    """Writes to place an order of so many lines, its cart filled before, and to pay it."""
    counted: Counter[str] = Counter()
    clock = MemoryClock(_NOW_MS)

    def table(name: str) -> Any:
        (stated,) = (each for each in shop.TABLES if each.name == name)
        return _Counted(MemoryTable(schema_of(keys(stated)), clock), counted)

    payments = MemoryPayments(clock)
    names = ("orders", "stock", "promotions", "adjustments", "due")
    tables = {name: table(name) for name in names}
    saga = Saga(**tables, payments=payments, events=MemoryQueue(), clock=clock)
    made = Checkout(carts=table("carts"), products=table("products"), saga=saga)
    products = [new_id(_NOW_MS) for _ in range(lines)]
    for product in products:
        sold: dict[str, str | int] = {
            "product": product,
            "name": "Tea",
            "price": _PRICE,
            "currency": "EUR",
        }
        made.products.put({**sold, "active": True, "deleted": False})
        saga.stock.put({"product": product, **fresh(1)})
    whose = "guest:01KAMPVE00ZK8J4F7C2R5Q9XTB"
    cart = Cart(whose, lines=tuple(Line(product, 1) for product in products))
    write_cart(cart, carts=made.carts, clock=clock)
    counted.clear()
    order = checkout(
        Asked(whose, "key", _PRICE * lines, "EUR", "bench@letters.example", "{}", ""), made
    )
    placed = counted.total()
    payments.confirm(order.order)
    confirm_order(order.order, whose, saga)
    return placed, counted.total() - placed


class _Counted:
    """A table whose writes are counted."""

    def __init__(self, table: MemoryTable, counted: Counter[str]) -> None:
        self._table = table
        self._counted = counted

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self._table, name)
        if name in _WRITES:
            self._counted[name] += 1
        return found
