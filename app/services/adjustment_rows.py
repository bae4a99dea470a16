"""The rows of the table `adjustments`, as the services on them read and write them.

product, adjustment  the key; the second is made of the idempotency key
delta       pieces more (above 0) or fewer
reason, by, at  why, who (a user's id), and when (UTC epoch milliseconds)
body        SHA-256 of what was asked for
state, marker  see `app.domain.adjustment`
told, outbox, outbox_at, tries  see `row_outbox`
"""

from typing import cast

from app.domain.adjustment import Adjustment, State
from app.ports.tables import Condition, Key, Row
from app.services.audit import entry
from app.services.row_outbox import NOTHING, TOLD, Noted, noted, waiting

_NEW: Row = {TOLD: NOTHING}


def key_of(product: str, adjustment: str) -> Key:
    """The key of an adjustment's row."""
    return {"product": product, "adjustment": adjustment}


def read_adjustment(row: Row) -> Adjustment:
    """What this row says."""
    return Adjustment(
        product=str(row["product"]),
        adjustment=str(row["adjustment"]),
        delta=int(row["delta"]),
        reason=str(row["reason"]),
        by=str(row["by"]),
        at=int(row["at"]),
        body=str(row["body"]),
        state=cast("State", row["state"]),
        marker=str(row["marker"]),
    )


def row_of(adjustment: Adjustment) -> Row:
    """The whole row of an adjustment that is not there yet."""
    return {
        **key_of(adjustment.product, adjustment.adjustment),
        "delta": adjustment.delta,
        "reason": adjustment.reason,
        "by": adjustment.by,
        "at": adjustment.at,
        "body": adjustment.body,
        "state": adjustment.state,
        "marker": adjustment.marker,
        **waiting(adjustment.owner, (), adjustment.at),
    }


def accepted(adjustment: Adjustment, marker: str) -> Noted:
    """What has the row name the marker, which it is done with, and tell of that."""
    audit = entry(
        f"product:{adjustment.product}",
        "stock adjusted",
        adjustment.by,
        adjustment.at,
        delta=adjustment.delta,
        reason=adjustment.reason,
    )
    told = noted(_NEW, adjustment.owner, [audit], adjustment.at)
    return Noted(
        {"state": "done", "marker": marker, **told.set},
        (
            Condition("state", "=", adjustment.state),
            Condition("marker", "=", ""),
            *told.when,
        ),
    )
