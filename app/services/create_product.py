"""A product is put on the shelf, with nothing of it in stock yet."""

from app.domain.ids import new_id
from app.domain.product import Draft, checked
from app.domain.shards import shard
from app.domain.slots import fresh
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.tables import Row, Table
from app.services.audit import entry
from app.services.edit_product import Stores, settle
from app.services.product_rows import (
    SHELF,
    Product,
    again_columns,
    as_list,
    draft_columns,
    key,
    shown_columns,
    wanted_words,
)
from app.services.row_outbox import waiting


def create_product(draft: Draft, by: str, *, stores: Stores, stock: Table) -> Product:
    """A new product; `by` is the admin's user id. Raises InvalidError and PortError.

    Its row of stock is written first: where it ends there, nobody knows of that, and there is no
    product without one.
    """
    now_ms = stores.clock.now_ms()
    new = _new(checked(draft), now_ms)
    _put({"product": new.product, **fresh(0)}, stock)
    _put(_row(new, by, now_ms), stores.products)
    settle(new.product, words=True, pictures=False, stores=stores)
    return new


def _new(draft: Draft, now_ms: int) -> Product:
    return Product(
        name=draft.name,
        description=draft.description,
        price=draft.price,
        currency=draft.currency,
        category=draft.category,
        active=draft.active,
        product=new_id(now_ms),
        deleted=False,
        image="",
        version=1,
        created_at=now_ms,
        updated_at=now_ms,
    )


def _row(new: Product, by: str, now_ms: int) -> Row:
    thing = entry(
        f"product:{new.product}",
        "created",
        by,
        now_ms,
        name=new.name,
        price=new.price,
        currency=new.currency,
    )
    words = as_list(wanted_words(new))
    return {
        **key(new.product),
        **draft_columns(new),
        **shown_columns(new)[0],
        "deleted": False,
        "image": "",
        "version": 1,
        "created_at": now_ms,
        "updated_at": now_ms,
        "shelf": shard(SHELF, new.product),
        "words": words,
        "written": words,
        "worded_at": now_ms,
        "dropped": as_list([]),
        "edited": str(thing["id"]),
        **again_columns(new.product, now_ms),
        **waiting(new.product, [thing], now_ms),
    }


def _put(row: Row, table: Table) -> None:
    """Write a row whose key is new. Raises PortError."""
    try:
        table.put(row, if_absent=True)
    except (ConditionFailedError, UnavailableError):  # an answer was lost: is it there?
        if table.get({"product": str(row["product"])}) is None:
            raise UnavailableError("a new product was not written: try again") from None
