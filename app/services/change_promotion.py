"""Promotions are made, and their terms changed; each with its entry for the audit trail.

How often one can be used is settled when it is made: those uses are taken as pieces of stock are.
"""

from contextlib import suppress

from app.domain.errors import ConflictError, NotFoundError
from app.domain.promotion import Terms, checked
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.queue import Queue
from app.ports.tables import Condition, Table
from app.services.audit import entry
from app.services.list_promotions import get_promotion
from app.services.promotion_rows import Promotion, new_row, promotion, terms_columns
from app.services.row_outbox import noted, try_to_tell

_TRIES = 5


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
    except (ConditionFailedError, UnavailableError):
        # an answer was lost, here or below a client that asks twice: is it ours that stands?
        there = promotions.get({"code": terms.code})
        if there is None:
            raise UnavailableError("the promotion was not made: try again") from None
        if there.get("edited") != thing["id"]:
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
    now_ms = clock.now_ms()
    thing = entry(f"promotion:{terms.code}", "changed", by, now_ms, active=terms.active)
    for _ in range(_TRIES):
        row = promotions.get({"code": terms.code})
        if row is None:
            raise NotFoundError("there is no such promotion")
        if row.get("edited") == thing["id"]:  # the answer was lost
            break
        if row["version"] != version:
            raise ConflictError("the promotion was changed since it was looked at")
        note = noted(row, terms.code, [thing], now_ms)
        after = {**terms_columns(terms), "version": version + 1, "edited": str(thing["id"])}
        # where it fails, that is seen on reading again: what it had to tell may have been told
        with suppress(ConditionFailedError, UnavailableError):
            promotions.update(
                {"code": terms.code},
                set={**after, **note.set},
                when=[Condition("version", "=", version), *note.when],
            )
            break
    else:
        raise UnavailableError("the promotion was not changed: try again")
    try_to_tell({"code": terms.code}, table=promotions, queue=events)
    return get_promotion(terms.code, promotions=promotions)
