"""Which part of a table, or of an index, a query reads, as two primary keys of GetRange.

The range holds all that is asked for, and may hold more at its ends: GetRange excludes its end, and
there is no text just before another. `Span.has` tells what of it was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.adapters.alicloud.items import PrimaryKey, key_of
from app.adapters.alicloud.sdk import sdk
from app.adapters.common.rows import KEY_BYTES, span
from app.ports.tables import Between, Prefix, Row

_ALL_TOLD = 2  # columns, when no other follows the sort key
_FOLLOWED = "\x01"  # the least that may follow a key: none holds a NUL


@dataclass(frozen=True, slots=True)
class Span:
    """One partition's rows of some sort keys; `columns` are the primary key, in its order.

    `sort` is the column that is chosen by, or None.
    """

    columns: Sequence[str]
    partition: str
    sort: str | None
    within: Between | Prefix | None

    def has(self, row: Row) -> bool:
        """Whether the row was asked for."""
        if row.get(self.columns[0]) != self.partition:
            return False
        if self.sort is None:
            return True
        first, end = span(self.within)
        key = str(row.get(self.sort, ""))
        return key >= first and (end is None or key < end)

    def before(self, row: Row) -> bool:
        """Whether the row comes before all that was asked for."""
        return self.sort is not None and str(row[self.sort]) < span(self.within)[0]

    def keys(
        self, after: Sequence[str] | None, *, descending: bool
    ) -> tuple[PrimaryKey, PrimaryKey]:
        """Where to begin, included, and where to end, excluded.

        `after` is the key of the last row of the page before, which is included once more.
        """
        least, most = self._least(included=not descending), self._most()
        start, end = (most, least) if descending else (least, most)
        if after is not None:
            start = key_of(self.columns, dict(zip(self.columns, after, strict=True)))
        return start, end

    def _least(self, *, included: bool) -> PrimaryKey:
        first: str | None = span(self.within)[0] or None
        if not included and len(self.columns) == _ALL_TOLD:
            first = None  # or the row that is asked for would be the end, which is excluded
        return self._key(first, filled=sdk().INF_MIN)

    def _most(self) -> PrimaryKey:
        end: str | None = None
        if isinstance(self.within, Prefix):
            end = _after(self.within.text)
        elif self.within is not None and self.within.high is not None:
            high = self.within.high
            end = _after(high) if len(high.encode()) >= KEY_BYTES else high + _FOLLOWED
        return self._key(end, filled=sdk().INF_MIN if end is not None else sdk().INF_MAX)

    def _key(self, sort: str | None, filled: Any) -> PrimaryKey:
        found: dict[str, Any] = dict.fromkeys(self.columns, filled)
        found[self.columns[0]] = self.partition
        if sort is not None:
            found[self.columns[1]] = sort
        return key_of(self.columns, found)


def _after(text: str) -> str | None:
    """A text after all that begin so; None when nothing comes after them.

    It is the first one, unless that has more bytes than a key: the character that follows another
    may have one more.
    """
    end = span(Prefix(text))[1]
    while end is not None and len(end.encode()) > KEY_BYTES:
        text = text[:-1]
        end = span(Prefix(text))[1]
    return end
