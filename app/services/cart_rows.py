"""The rows of the table `carts`, as the services on them read and write them.

cart        the principal's id
lines       a JSON list of [product, quantity]
version     every write is conditional on it, and raises it
edited      the id of the last write, by which its writer knows it again
ordered     the order that is made of this version, or ""
merged      a JSON list of the guests' carts that were taken in, the last eight, by their `name`
created_at, updated_at  UTC epoch milliseconds
idle, idle_at  a shard of "idle", by the key, and the day (UTC) of the last write, for the sweep
"""

import json
from dataclasses import dataclass, replace

from app.domain.cart import Line
from app.domain.days import day_of
from app.domain.errors import ConflictError
from app.domain.ids import new_id
from app.domain.shards import shard
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.tables import Condition, Row, Table

IDLE = "idle"
BY_IDLE = "by_idle"
MOST_MERGED = 8


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart as its row has it; of version 0 there is no row yet."""

    cart: str
    lines: tuple[Line, ...] = ()
    version: int = 0
    merged: tuple[str, ...] = ()
    created_at: int = 0
    ordered: str = ""

    @property
    def name(self) -> str:
        """What tells it from carts that the same principal had before it was dropped or merged."""
        return f"{self.cart}/{self.created_at}"


def read_cart(cart: str, *, carts: Table) -> Cart:
    """The cart, or an empty one. Raises PortError."""
    row = carts.get({"cart": cart})
    return Cart(cart) if row is None else _cart(row)


def write_cart(changed: Cart, *, carts: Table, clock: Clock, ordered: str = "") -> Cart:
    """Write what was read as of its `version`, changed; as it is then.

    It is kept for the order `ordered`, and for none else that it was kept for. Raises ConflictError
    when it was changed meanwhile, or is another one of the same name, and PortError.
    """
    now_ms = clock.now_ms()
    after = replace(
        changed,
        version=changed.version + 1,
        created_at=changed.created_at or now_ms,
        ordered=ordered,
    )
    row = _row(after, now_ms)
    try:
        if changed.version == 0:
            carts.put(row, if_absent=True)
        else:
            cart = row.pop("cart")
            unchanged = [
                Condition("version", "=", changed.version),
                Condition("created_at", "=", changed.created_at),
            ]
            carts.update({"cart": str(cart)}, set=row, when=unchanged)
    except (ConditionFailedError, UnavailableError) as error:
        # an answer was lost, here or below a client that asks twice: is it ours that stands?
        there = carts.get({"cart": changed.cart})
        if there is not None and there.get("edited") == row["edited"]:
            return after
        if isinstance(error, UnavailableError):
            raise
        raise ConflictError("the cart was changed at the same time: look, or retry") from None
    return after


def _row(cart: Cart, now_ms: int) -> dict[str, str | int]:
    return {
        "cart": cart.cart,
        "lines": json.dumps([[each.product, each.quantity] for each in cart.lines]),
        "version": cart.version,
        "edited": new_id(now_ms),
        "ordered": cart.ordered,
        "merged": json.dumps(cart.merged),
        "created_at": cart.created_at,
        "updated_at": now_ms,
        "idle": shard(IDLE, cart.cart),
        "idle_at": day_of(now_ms),
    }


def _cart(row: Row) -> Cart:
    return Cart(
        cart=str(row["cart"]),
        lines=tuple(Line(*each) for each in json.loads(str(row["lines"]))),
        version=int(row["version"]),
        merged=tuple(json.loads(str(row["merged"]))),
        created_at=int(row["created_at"]),
        ordered=str(row.get("ordered", "")),
    )
