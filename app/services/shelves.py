"""One list of what an index spreads over shards: a page at a time, in the order of its sort key.

The page's last sort key says where the next one begins, so nothing is left out or comes twice while
rows come and go; a page reads `limit` rows of each shard.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.shards import shards
from app.ports.tables import Between, Row, Table

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Listed(Generic[_Item]):
    """A page; `after` is what the next one begins behind, or "" where this is the last."""

    items: tuple[_Item, ...]
    after: str


def across(
    table: Table,
    partition: str,
    *,
    index: str,
    sort: str,
    after: str,
    limit: int,
    descending: bool = False,
) -> Listed[Row]:
    """Rows of all shards by the column `sort`, behind the value `after` ("": from the first on).

    Sort keys are unique over the shards. Raises PortError.
    """
    behind = Between(high=after) if descending else Between(low=after)
    side = behind if after else None
    rows: list[Row] = []
    for shard in shards(partition):
        # one more than wanted tells of a next page, one may be `after` itself
        rows += first_rows(table, shard, side, limit + 2, index=index, descending=descending)
    rows = [row for row in rows if str(row[sort]) != after]
    rows.sort(key=lambda row: str(row[sort]), reverse=descending)
    page_rows = rows[:limit]
    more = len(rows) > limit
    return Listed(tuple(page_rows), str(page_rows[-1][sort]) if more else "")


def first_rows(
    table: Table,
    partition: str,
    sort: Between | None,
    most: int,
    *,
    index: str | None = None,
    descending: bool = False,
) -> list[Row]:
    """The first `most` rows of a partition, or all: a store may end a page before it is full.

    Raises PortError.
    """
    rows: list[Row] = []
    cursor: str | None = None
    while True:
        page = table.query(
            partition,
            sort=sort,
            index=index,
            limit=most - len(rows),
            cursor=cursor,
            descending=descending,
        )
        rows += page.rows
        cursor = page.cursor
        if cursor is None or len(rows) == most:
            return rows
