"""Promotions are made, and their terms changed; each with its entry for the audit trail.

How often one can be used is settled when it is made: those uses are taken as pieces of stock are.
"""

from app.domain.errors import ConflictError, NotFoundError
from app.domain.promotion import Terms, checked
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.queue import Queue
from app.ports.tables import Condition, Table
from app.services.audit import entry
from app.services.promotion_rows import Promotion, new_row, promotion, terms_columns
from app.services.row_outbox import noted, try_to_tell


def make_promotion(
    terms: Terms, uses: int, by: str, *, promotions: Table, events: Queue, clock: Clock
) -> Promotion:
    """A new promotion that can be used so many times; `by` is the admin's user id.

    Raises InvalidError, ConflictError for a code that is taken, and PortError.
    """
    now_ms = clock.now_ms()
    checked(terms)
    thing = entry(f"promotion:{terms.code}", "made", by, now_ms, uses=uses)
    row = new_row(terms, uses, thing, now_ms)
    try:
        promotions.put(row, if_absent=True)
    except ConditionFailedError:
        raise ConflictError("there is a promotion of this code") from None
    try_to_tell({"code": terms.code}, table=promotions, queue=events)
    return promotion(row)


def change_promotion(
    terms: Terms, version: int, by: str, *, promotions: Table, events: Queue, clock: Clock
) -> Promotion:
    """Other terms for a code, as of the version that was seen.

    Raises InvalidError, NotFoundError, ConflictError when it was changed since, and PortError.
    """
    checked(terms)
    row = promotions.get({"code": terms.code})
    if row is None:
        raise NotFoundError("there is no such promotion")
    now_ms = clock.now_ms()
    thing = entry(f"promotion:{terms.code}", "changed", by, now_ms, active=terms.active)
    note = noted(row, terms.code, [thing], now_ms)
    try:
        promotions.update(
            {"code": terms.code},
            set={**terms_columns(terms), "version": version + 1, **note.set},
            when=[Condition("version", "=", version), *note.when],
        )
    except ConditionFailedError:
        raise ConflictError("the promotion was changed since it was looked at") from None
    try_to_tell({"code": terms.code}, table=promotions, queue=events)
    changed = promotions.get({"code": terms.code})
    if changed is None:
        raise NotFoundError("there is no such promotion")
    return promotion(changed)
