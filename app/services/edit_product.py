"""One edit of a product: a single write with what it is to tell; then its words and pictures.

The write is conditional on the version that the admin saw. What follows it may fail, and is then
left to the sweep: the product's row says what is to be done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.errors import ConflictError, NotFoundError
from app.domain.product import category_key
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, PortError, UnavailableError
from app.ports.queue import Queue
from app.ports.tables import Condition, Row, Table
from app.services import log
from app.services.audit import entry
from app.services.index_words import finish
from app.services.product_rows import (
    REINDEX,
    Product,
    again_columns,
    as_list,
    draft_columns,
    key,
    listed_texts,
    product,
    shown_columns,
    wanted_words,
)
from app.services.row_outbox import Thing, noted, try_to_tell

MOST_WRITTEN = 640  # words of one product's edits that were not cleaned up yet
MOST_DROPPED = 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Stores:
    """All that holds something of a product, and what is told of it."""

    products: Table
    words: Table
    uploads: Table
    images: Bucket
    events: Queue
    clock: Clock


@dataclass(frozen=True, slots=True)
class Edit:
    """What an admin, `by` his user id, does: its name in the audit trail, and what else to say.

    `dropped` is the upload whose picture the product has no more, or "".
    """

    what: str
    by: str
    more: Mapping[str, Any]
    dropped: str = ""


def edit_product(row: Row, wanted: Product, edit: Edit, *, stores: Stores) -> Product:
    """Have the product so; `row` is as it was read. The product as it is then.

    Raises ConflictError where it was edited meanwhile, or too often, and PortError.
    """
    an_id = str(row["product"])
    now_ms = stores.clock.now_ms()
    wanted = replace(wanted, version=int(row["version"]) + 1, updated_at=now_ms)
    thing = entry(f"product:{an_id}", edit.what, edit.by, now_ms, **edit.more)
    left = _write(row, wanted, thing, edit.dropped, stores)
    settle(
        an_id, words="words" in left or REINDEX in row, pictures="dropped" in left, stores=stores
    )
    return wanted


def settle(an_id: str, *, words: bool, pictures: bool, stores: Stores) -> None:
    """After a write: see to words and pictures, whichever there are to see to, and tell of it.

    What fails is logged, and left to the sweep.
    """
    try:
        row = stores.products.get(key(an_id)) if words or pictures else None
        if row is not None:
            finish(
                row,
                products=stores.products,
                words=stores.words if words else None,
                uploads=stores.uploads,
                images=stores.images,
                clock=stores.clock,
            )
    except PortError as error:
        log.failed("reindex", error)
    try_to_tell(key(an_id), table=stores.products, queue=stores.events)


def _write(row: Row, wanted: Product, thing: Thing, dropped: str, stores: Stores) -> Row:
    """Write it; the columns of what is left to see to of its words and pictures."""
    version = row["version"]
    for _ in range(_TRIES):
        more = _words_columns(row, wanted) | _dropped_columns(row, dropped)
        if more:
            more |= again_columns(wanted.product, wanted.updated_at)
        shown, hidden = shown_columns(wanted)
        note = noted(row, wanted.product, [thing], wanted.updated_at)
        columns = {
            **draft_columns(wanted),
            "deleted": wanted.deleted,
            "image": wanted.image,
            "version": wanted.version,
            "updated_at": wanted.updated_at,
            "edited": str(thing["id"]),
        }
        try:
            stores.products.update(
                key(wanted.product),
                set={**columns, **shown, **more, **note.set},
                remove=hidden,
                when=[Condition("version", "=", version), *note.when],
            )
        except (ConditionFailedError, UnavailableError) as error:
            # an answer was lost, here or below a client that asks twice: is it ours that stands?
            there = stores.products.get(key(wanted.product))
            if there is None:
                raise NotFoundError("there is no such product") from None
            if there["edited"] == thing["id"]:
                return more
            if there["version"] != version:
                raise edited() from None
            if isinstance(error, UnavailableError):
                raise UnavailableError("the product was not edited: try again") from None
            row = there  # what it had to tell was told meanwhile
        else:
            return more
    raise UnavailableError("the product is busy: try again")


def edited() -> ConflictError:
    """The product is not as the admin saw it."""
    return ConflictError("the product was edited meanwhile: look at it again")


def _words_columns(row: Row, wanted: Product) -> dict[str, str | int]:
    """What the row has to say of its words, if they change."""
    words = wanted_words(wanted)
    was = product(row)
    same_category = category_key(was.category) == category_key(wanted.category)
    if words == wanted_words(was) and (same_category or not words):
        return {}
    written = dict.fromkeys((*listed_texts(row, "written"), *words))
    if len(written) > MOST_WRITTEN:
        raise ConflictError("its words were changed too often: wait for half an hour")
    return {
        "words": as_list(words),
        "written": as_list(written),
        "worded_at": max(wanted.updated_at, int(row["worded_at"]) + 1),
    }


def _dropped_columns(row: Row, dropped: str) -> dict[str, str | int]:
    if not dropped:
        return {}
    waiting = [*listed_texts(row, "dropped"), dropped]
    if len(waiting) > MOST_DROPPED:
        raise ConflictError("its picture was changed too often: wait for a while")
    return {"dropped": as_list(waiting)}
