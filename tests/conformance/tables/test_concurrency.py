"""Many writers at once, and writes whose answers are lost: each change happens once or not."""

import random
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.ports.errors import ConditionFailedError, UnavailableError
from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Table
from tests.conftest import Counts
from tests.support.tables_stores import Store

KEY = {"owner": "shop", "note": "apples"}


@pytest.mark.busy
def test_64_writers_take_exactly_what_there_is(notes: Table, store: Store, counts: Counts) -> None:
    there = counts(small=400, full=20_000)
    notes.put({**KEY, "available": there})
    taken = store.take_all(notes, KEY, 3, writers=64)
    assert taken == there // 3
    assert notes.get(KEY) == {**KEY, "available": there % 3}


def test_of_many_who_put_if_absent_one_does(notes: Table, counts: Counts) -> None:
    writers = 16
    for number in range(counts(small=5, full=500)):
        start = threading.Barrier(writers)

        def claim(writer: int, name: str = f"{number}", start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                notes.put({"owner": "names", "note": name, "by": writer}, if_absent=True)
            except ConditionFailedError:
                return False
            return True

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(claim, range(writers)))
        assert won.count(True) == 1
        row = notes.get({"owner": "names", "note": f"{number}"})
        assert row is not None
        assert row["by"] == won.index(True)


@pytest.mark.busy
def test_writers_of_different_columns_lose_nothing_of_each_other(
    notes: Table, counts: Counts
) -> None:
    each = counts(small=25, full=1000)
    notes.put({**KEY, "sum": 0})

    def write(writer: int) -> None:
        for number in range(each):
            notes.update(KEY, set={f"w{writer}": number}, add={"sum": 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert notes.get(KEY) == {**KEY, "sum": 8 * each} | {f"w{n}": each - 1 for n in range(8)}


class Unreliable:
    """A table behind a bad line: requests are lost before they arrive, and answers after."""

    def __init__(self, table: Table, seed: int) -> None:
        self._table = table
        self._random = random.Random(seed)
        self.lost_answers = 0

    def get(self, key: Key) -> Row | None:
        return self._table.get(key)

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        self._request()
        self._table.put(row, if_absent=if_absent)
        self._answer()

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - the port's name for it
        add: Mapping[str, int] | None = None,
        remove: Collection[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        self._request()
        self._table.update(key, set=set, add=add, remove=remove, when=when)
        self._answer()

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        self._request()
        self._table.delete(key, when=when)
        self._answer()

    def query(
        self,
        partition: str,
        *,
        sort: Between | Prefix | None = None,
        index: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
        descending: bool = False,
    ) -> Page:
        return self._table.query(
            partition, sort=sort, index=index, limit=limit, cursor=cursor, descending=descending
        )

    def remove_expired(self) -> int:
        return self._table.remove_expired()

    def _request(self) -> None:
        if self._random.random() < 0.3:
            raise UnavailableError("the request was lost")

    def _answer(self) -> None:
        if self._random.random() < 0.3:
            self.lost_answers += 1
            raise UnavailableError("the answer was lost")


def take_once(table: Table, writer: int, purchase: int) -> bool:
    """Take one apple for this purchase, whatever becomes of the answers; False when none is left.

    The marker is set in the very update that takes: who meets it knows that he has taken.
    """
    mark = f"mark{writer}"
    when = [Condition("available", ">=", 1), Condition(mark, "<", purchase)]
    while True:
        try:
            table.update(KEY, add={"available": -1}, set={mark: purchase}, when=when)
        except UnavailableError:
            continue
        except ConditionFailedError:
            row = table.get(KEY)
            assert row is not None
            return row[mark] == purchase
        return True


@pytest.mark.busy
def test_a_marker_in_the_same_update_makes_a_retry_safe(notes: Table, counts: Counts) -> None:
    writers, there = 8, counts(small=80, full=5_000)
    notes.put({**KEY, "available": there, **{f"mark{n}": 0 for n in range(writers)}})
    tables = [Unreliable(notes, seed) for seed in range(writers)]

    def shop(writer: int) -> int:
        purchase = 1
        while take_once(tables[writer], writer, purchase):
            purchase += 1
        return purchase - 1

    with ThreadPoolExecutor(writers) as pool:
        taken = list(pool.map(shop, range(writers)))
    assert sum(taken) == there
    row = notes.get(KEY)
    assert row is not None
    assert row["available"] == 0
    assert [row[f"mark{writer}"] for writer in range(writers)] == taken
    assert sum(table.lost_answers for table in tables) > 0


@pytest.mark.busy
def test_a_claim_whose_answer_is_lost_is_told_from_anothers_by_reading_back(notes: Table) -> None:
    for number in range(40):
        name = {"owner": "names", "note": f"{number}"}
        won = []
        for claimer in ("first", "second"):
            table = Unreliable(notes, number * 2 + (claimer == "first"))
            while True:
                try:
                    table.put({**name, "by": claimer}, if_absent=True)
                except UnavailableError:
                    continue
                except ConditionFailedError:
                    won.append((table.get(name) or {})["by"] == claimer)
                else:
                    won.append(True)
                break
        assert won == [True, False]
