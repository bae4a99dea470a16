"""The rows of the table `promotions`, as the services on them read and write them.

code        in its one spelling, the key
kind, value, currency, minimum, starts_at, ends_at, active  the terms, as `app.domain.promotion`
version     every change of the terms is conditional on it, and raises it
edited      the id of what the last change told, by which its writer knows it again
uses        how often it could be used when it was made; changed by deltas, as stock is
available and the slots  what is left of that, as `app.services.stock_rows` has it
shelf       a shard of "shelf", by the code: the list of all of them
told, tries, outbox, outbox_at  as `app.services.row_outbox` has them
"""

from dataclasses import dataclass
from typing import cast

from app.domain.promotion import Kind, Terms
from app.domain.shards import shard
from app.domain.slots import fresh
from app.ports.tables import Row
from app.services.row_outbox import Thing, waiting

BY_ANY = "by_any"
SHELF = "shelf"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion: its terms, and how many uses are left."""

    terms: Terms
    available: int
    uses: int
    version: int


def new_row(terms: Terms, uses: int, thing: Thing, now_ms: int) -> Row:
    """A promotion that is not there yet, with what is to be told of it."""
    return {
        **terms_columns(terms),
        "code": terms.code,
        "version": 1,
        "edited": str(thing["id"]),
        "uses": uses,
        **fresh(uses),
        "shelf": shard(SHELF, terms.code),
        **waiting(terms.code, [thing], now_ms),
    }


def terms_columns(terms: Terms) -> dict[str, str | int]:
    """The columns of what an admin may change."""
    return {
        "kind": terms.kind,
        "value": terms.value,
        "currency": terms.currency,
        "minimum": terms.minimum,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "active": terms.active,
    }


def promotion(row: Row) -> Promotion:
    """What this row says."""
    terms = Terms(
        code=str(row["code"]),
        kind=cast("Kind", row["kind"]),
        value=int(row["value"]),
        currency=str(row["currency"]),
        minimum=int(row["minimum"]),
        starts_at=int(row["starts_at"]),
        ends_at=int(row["ends_at"]),
        active=bool(row["active"]),
    )
    return Promotion(terms, int(row["available"]), int(row["uses"]), int(row["version"]))
