"""The audit trail, the newest first: of one day, or of one thing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.days import a_day
from app.domain.errors import InvalidError
from app.domain.ids import is_id
from app.ports.errors import InvalidValueError
from app.ports.tables import Between, Row, Table
from app.services.audit import BY_DAY
from app.services.shelves import Listed, across, first_rows


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """What an admin did: `by` is his user id, `at` in UTC epoch milliseconds."""

    id: str
    subject: str
    what: str
    by: str
    at: int
    more: Mapping[str, Any]


def audit_of_day(day: str, limit: int, after: str, *, audits: Table) -> Listed[Entry]:
    """Up to `limit` entries of a day (UTC), from behind the entry `after` on.

    A new one may be missing for a moment: it comes over a queue, and the index lags. Raises
    InvalidError and PortError.
    """
    listed = across(
        audits,
        a_day(day, "day"),
        index=BY_DAY,
        sort="entry",
        after=_entry(after),
        limit=limit,
        descending=True,
    )
    return Listed(tuple(_seen(row) for row in listed.items), listed.after)


def audit_of(subject: str, limit: int, after: str, *, audits: Table) -> Listed[Entry]:
    """The same of what it is about, as `product:<id>`. Raises as `audit_of_day` does."""
    span = Between(high=after) if _entry(after) else None
    try:
        found = first_rows(audits, subject, span, limit + 2, descending=True)
    except InvalidValueError:
        raise InvalidError("nothing can be called so", "subject") from None
    rows = [row for row in found if row["entry"] != after]
    shown = tuple(_seen(row) for row in rows[:limit])
    return Listed(shown, shown[-1].id if len(rows) > limit else "")


def _entry(after: str) -> str:
    if after and not is_id(after):
        raise InvalidError("this is no cursor of this list", "cursor")
    return after


def _seen(row: Row) -> Entry:
    return Entry(
        id=str(row["entry"]),
        subject=str(row["subject"]),
        what=str(row["what"]),
        by=str(row["by"]),
        at=int(row["at"]),
        more=json.loads(str(row["more"])),
    )
