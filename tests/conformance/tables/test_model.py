"""Whatever is done to them, the local table and the one in memory tell the same."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from app.adapters.common.tables import granted
from app.adapters.local.tables import LocalTable
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.tables import MemoryTable
from app.ports.errors import PortError
from app.ports.tables import Between, Condition, Prefix, Table
from tests.conftest import Counts
from tests.support.tables_stores import NOTES, START_MS, stated_of

TEXTS = st.sampled_from(["a", "b", "ab", "é", "🙂", "\U0010ffff", "x" * 1024])
KEYS = st.fixed_dictionaries({"owner": st.sampled_from(["a", "é"]), "note": TEXTS})
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
SCALARS = st.booleans() | INTEGERS | st.text(max_size=3) | st.binary(max_size=3)
COLUMNS = {"count": INTEGERS | SCALARS, "any": SCALARS}
INDEXED = {"state": TEXTS, "changed": TEXTS, "topic": TEXTS}
CHANGES = st.fixed_dictionaries({}, optional={**COLUMNS, **INDEXED})
CONDITIONS = st.lists(
    st.builds(
        Condition,
        st.sampled_from(["count", "any", "state"]),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        SCALARS | TEXTS,
    ),
    max_size=2,
)
SORTS = st.none() | st.builds(Prefix, TEXTS) | st.builds(
    Between, low=st.none() | TEXTS, high=st.none() | TEXTS
)  # fmt: skip
INDEX_NAMES = st.sampled_from([None, "by_state", "by_topic"])


class Twins(RuleBasedStateMachine):
    """The same done to both, and the outcome compared."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = MemoryClock(START_MS)

    @initialize(lag_ms=st.sampled_from([0, 1, 1000]))
    def make(self, lag_ms: int) -> None:
        self.local = LocalTable(Path(self.folder.name), NOTES, self.clock, "normal", lag_ms)
        bare = (MemoryTable(NOTES, self.clock, lag_ms), self.local)
        self.twins: list[Table] = [
            granted(table, "notes", stated_of(NOTES), "tests") for table in bare
        ]

    def both(self, method: str, *given: Any, **named: Any) -> Any:
        outcomes: list[Any] = []
        for table in self.twins:
            try:
                outcomes.append(getattr(table, method)(*given, **named))
            except PortError as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]
        return outcomes[0]

    @rule(key=KEYS, rest=CHANGES, if_absent=st.booleans())
    def put(self, key: dict[str, Any], rest: dict[str, Any], *, if_absent: bool) -> None:
        self.both("put", {**key, **rest}, if_absent=if_absent)

    @rule(
        key=KEYS,
        setting=CHANGES,
        adding=st.dictionaries(st.sampled_from(["count", "any"]), INTEGERS, max_size=1),
        removing=st.lists(st.sampled_from(["any", *INDEXED]), max_size=1),
        when=CONDITIONS,
    )
    def update(
        self, key: Any, setting: dict[str, Any], adding: Any, removing: list[str], when: Any
    ) -> None:
        named = {*adding, *removing}
        setting = {column: value for column, value in setting.items() if column not in named}
        self.both("update", key, set=setting, add=adding, remove=set(removing), when=when)

    @rule(key=KEYS, when=CONDITIONS)
    def delete(self, key: Any, when: Any) -> None:
        self.both("delete", key, when=when)

    @rule(key=KEYS)
    def get(self, key: Any) -> None:
        self.both("get", key)

    @rule(ms=st.sampled_from([1, 400, 1000, 5000]))
    def advance(self, ms: int) -> None:
        self.clock.advance(ms)

    @rule(
        partition=TEXTS,
        sort=SORTS,
        index=INDEX_NAMES,
        limit=st.integers(1, 4),
        descending=st.booleans(),
    )
    def query(self, partition: Any, sort: Any, index: Any, limit: int, *, descending: bool) -> None:
        if index == "by_topic":
            sort = None
        named = {"sort": sort, "index": index, "limit": limit, "descending": descending}
        for _ in range(20):
            page = self.both("query", partition, **named)
            if isinstance(page, tuple) or page.cursor is None:
                return
            named["cursor"] = page.cursor
        raise AssertionError("pages without an end")

    def teardown(self) -> None:
        if hasattr(self, "twins"):
            self.clock.advance(10_000)
            for text in ("a", "b", "ab", "é", "🙂", "\U0010ffff", "x" * 1024):
                for index in (None, "by_state", "by_topic"):
                    self.both("query", text, index=index, limit=1000)
            self.local.close()
        self.folder.cleanup()


def test_the_local_table_does_what_the_one_in_memory_does(counts: Counts) -> None:
    run_state_machine_as_test(
        Twins,
        settings=settings(
            max_examples=counts(small=30, full=500),
            stateful_step_count=counts(small=40, full=60),
        ),
    )
