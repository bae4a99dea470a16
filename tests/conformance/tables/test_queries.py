"""Queries give a partition's rows in order, a page at a time, while others write."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import pytest

from app.ports.errors import InvalidValueError
from app.ports.tables import Between, Page, Prefix, Row, Table
from tests.conftest import Counts
from tests.support.tables_stores import NOTES, Store


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query, but for its cursor."""

    partition: str = "ann"
    sort: Between | Prefix | None = None
    index: str | None = None
    limit: int = 100
    descending: bool = False

    def page(self, table: Table, cursor: str | None = None) -> Page:
        return table.query(
            self.partition,
            sort=self.sort,
            index=self.index,
            limit=self.limit,
            cursor=cursor,
            descending=self.descending,
        )

    def pages(self, table: Table) -> Iterator[tuple[Row, ...]]:
        cursor = None
        while True:
            page = self.page(table, cursor)
            assert len(page.rows) <= self.limit
            yield page.rows
            cursor = page.cursor
            if cursor is None:
                return

    def names(self, table: Table) -> list[str]:
        return self.in_order(row for rows in self.pages(table) for row in rows)

    def in_order(self, rows: Iterable[Row]) -> list[str]:
        """Names as the rows come; those of one index key, which come in any order, sorted."""
        column = {None: "note", "by_state": "changed", "by_topic": "topic"}[self.index]
        return [
            name
            for _, same in groupby(rows, lambda row: row[column])
            for name in sorted((str(row["note"]) for row in same), reverse=self.descending)
        ]


def fill(notes: Table, numbers: range) -> list[str]:
    """Rows in both indexes; there are five of one `changed`."""
    names = [f"{number:04}" for number in numbers]
    for number, name in zip(numbers, names, strict=True):
        row = {"owner": "ann", "note": name, "state": "new", "topic": "all"}
        notes.put({**row, "changed": f"{number // 5:04}"})
    return names


IN_TABLE = Asked()
BY_STATE = Asked(partition="new", index="by_state")
BY_TOPIC = Asked(partition="all", index="by_topic")


@pytest.mark.busy
@pytest.mark.parametrize("asked", [IN_TABLE, BY_STATE, BY_TOPIC], ids=lambda a: a.index or "table")
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_pages_of_any_size_have_every_row_once_in_order(
    notes: Table, store: Store, asked: Asked, *, descending: bool
) -> None:
    names = fill(notes, range(53))
    notes.put({"owner": "anna", "note": "other", "state": "newer", "changed": "-", "topic": "al"})
    store.settle()
    for limit in (1, 2, 5, 7, 52, 53, 54, 1000):
        found = replace(asked, limit=limit, descending=descending).names(notes)
        assert found == (names[::-1] if descending else names)


@pytest.mark.busy
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("index", [None, "by_state"])
def test_ranges_and_prefixes_go_on_over_pages(
    notes: Table, store: Store, index: str | None, *, descending: bool
) -> None:
    fill(notes, range(120))
    store.settle()
    full = (BY_STATE if index else IN_TABLE).names(notes)
    key = "changed" if index else "note"
    rows = {str(row["note"]): str(row[key]) for row in notes.query("ann", limit=1000).rows}
    for sort, right in (
        (Between(low="0003", high="0017"), lambda text: "0003" <= text <= "0017"),
        (Between(low="0017"), lambda text: text >= "0017"),
        (Between(high="0003x"), lambda text: text <= "0003x"),
        (Between(), lambda _: True),
        (Prefix("001"), lambda text: text.startswith("001")),
        (Prefix("9"), lambda _: False),
    ):
        asked = replace(BY_STATE if index else IN_TABLE, sort=sort, limit=4, descending=descending)
        expected = [name for name in full if right(rows[name])]
        assert asked.names(notes) == (expected[::-1] if descending else expected)


@pytest.mark.busy
@pytest.mark.parametrize("asked", [IN_TABLE, BY_STATE], ids=["table", "index"])
@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_rows_that_stay_are_seen_exactly_once_while_others_come_and_go(
    notes: Table, store: Store, counts: Counts, asked: Asked, *, descending: bool
) -> None:
    seeded = random.Random(7)
    for _ in range(counts(small=3, full=200)):
        stay = set(fill(notes, range(0, 60, 2)))
        passing = fill(notes, range(1, 60, 4))
        store.settle()
        found: list[Row] = []
        query = replace(asked, limit=3, descending=descending)
        for rows in query.pages(notes):
            found += rows
            for name in seeded.sample(passing, 4):
                notes.delete({"owner": "ann", "note": name})
            number = seeded.randrange(3, 60, 4)
            passing += fill(notes, range(number, number + 1))
            if rows and rows[-1]["note"] not in stay:  # the very row that the cursor names
                notes.delete({"owner": "ann", "note": str(rows[-1]["note"])})
            store.settle()
        seen = query.in_order(found)
        assert [name for name in seen if name in stay] == sorted(stay, reverse=descending)
        assert len(set(seen)) == len(seen)
        assert seen == sorted(seen, reverse=descending)


def test_the_last_page_has_no_cursor_even_when_it_is_full(notes: Table) -> None:
    fill(notes, range(10))
    assert replace(IN_TABLE, limit=10).page(notes).cursor is None
    assert replace(IN_TABLE, limit=9).page(notes).cursor is not None
    assert Asked(partition="nobody").page(notes) == Page(())


def test_a_cursor_is_good_again_and_again_and_for_another_limit(notes: Table) -> None:
    names = fill(notes, range(10))
    cursor = replace(IN_TABLE, limit=4).page(notes).cursor
    for limit in (1, 3, 6):
        found = replace(IN_TABLE, limit=limit).page(notes, cursor)
        assert [row["note"] for row in found.rows] == names[4 : 4 + limit]


def test_a_cursor_of_another_query_is_refused(notes: Table, store: Store) -> None:
    others = store.make(NOTES)
    for table in (notes, others):
        fill(table, range(10))
        table.put({"owner": "new", "note": "a", "state": "ann", "changed": "b"})
    store.settle()
    queries = [
        replace(IN_TABLE, limit=2),
        replace(IN_TABLE, limit=2, descending=True),
        replace(IN_TABLE, limit=2, partition="new"),
        replace(IN_TABLE, limit=2, sort=Between(low="0000")),
        replace(IN_TABLE, limit=2, sort=Between(high="0009")),
        replace(IN_TABLE, limit=2, sort=Between(low="0000", high="0009")),
        replace(IN_TABLE, limit=2, sort=Prefix("0000")),
        replace(IN_TABLE, limit=2, sort=Prefix("000")),
        replace(BY_STATE, limit=2),
        replace(BY_STATE, limit=2, partition="ann"),
        replace(BY_STATE, limit=2, descending=True),
        replace(BY_TOPIC, limit=2),
    ]
    for one in queries:
        cursor = one.page(notes).cursor
        for other in queries:
            if cursor is None or other == one:
                continue
            with pytest.raises(InvalidValueError, match="cursor"):
                other.page(notes, cursor)
        if cursor is not None:
            assert one.page(notes, cursor).rows
            with pytest.raises(InvalidValueError, match="cursor"):
                one.page(others, cursor)


def test_a_cursor_that_was_touched_is_refused(notes: Table) -> None:
    fill(notes, range(10))
    query = replace(IN_TABLE, limit=2)
    cursor = query.page(notes).cursor
    assert cursor is not None
    touched = [
        "", " ", "x", "AAAA", "null", "é", "🙂", "\0", "=" * 8, "A" * 100_000,
        cursor[:-1], cursor[1:],
        cursor + "A", cursor + "=", cursor + "\n", f" {cursor}", cursor.lower(), cursor * 2,
        *(f"{cursor[:at]}{'B' if each != 'B' else 'C'}{cursor[at + 1:]}"
          for at, each in enumerate(cursor)),
    ]  # fmt: skip
    for each in touched:
        with pytest.raises(InvalidValueError, match="cursor"):
            query.page(notes, each)
    assert query.page(notes, cursor).rows
