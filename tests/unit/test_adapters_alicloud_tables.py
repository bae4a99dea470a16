"""The table on TableStore where it answers otherwise than well: what is sent again, what is not."""

import os
from collections.abc import Callable, Iterator

import pytest

from app.adapters.alicloud import clients
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.tables import TableStoreTable, open_table
from app.adapters.common.cursor import packed
from app.ports.errors import (
    AccessDeniedError,
    ConditionFailedError,
    InvalidValueError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)
from app.ports.tables import Between, Condition, Row, Scalar, Table
from tests.support.loopback import KEYS, REGION
from tests.support.tables_alicloud import connection, create
from tests.support.tables_stores import NOTES, stated_of
from tests.support.tablestore_server import INSTANCE, Instance, LostError, serving
from tests.support.tablestore_tables import RefusedError
from tests.support.wire_http import free_port

KEY = {"owner": "ann", "note": "one"}
STATED = {**stated_of(NOTES), "at": "notes"}
LOST = LostError()
BROKEN = RefusedError("OTSInternalServerError", "secret words", 500)
BUSY = RefusedError("OTSServerBusy", "Server is busy.", 503)
CONFLICT = RefusedError("OTSRowOperationConflict", "Data is being modified.", 409)
WRITES: dict[str, Callable[[Table], None]] = {
    "put": lambda table: table.put(KEY),
    "put if absent": lambda table: table.put({**KEY, "note": "new"}, if_absent=True),
    "update": lambda table: table.update(KEY, add={"count": 1}),
    "delete": lambda table: table.delete(KEY),
    "delete when": lambda table: table.delete(KEY, when=[Condition("count", "=", 1)]),
}
READS: dict[str, Callable[[Table], object]] = {
    "get": lambda table: table.get(KEY),
    "query": lambda table: table.query("ann"),
    "query of an index": lambda table: table.query("nothing", index="by_state"),
}


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture
def endpoint(instance: Instance) -> Iterator[str]:
    with serving(instance) as found:
        yield found


@pytest.fixture
def table(instance: Instance, endpoint: str) -> Table:
    """Notes, one of them there; what was asked so far is forgotten."""
    client = connection(endpoint)
    create(client, "notes", NOTES)
    made = TableStoreTable("notes", NOTES, lambda: client, (0, 0))
    made.put({**KEY, "count": 1})
    instance.asked.clear()
    return made


@pytest.mark.parametrize("answer", [LOST, BROKEN], ids=["lost", "broken"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_may_have_been_done_is_not_sent_again(
    table: Table, instance: Instance, write: str, answer: Exception
) -> None:
    """A second one would fail by its condition, or add twice, though the first went well."""
    instance.instead = [answer]
    with pytest.raises(UnavailableError) as raised:
        WRITES[write](table)
    assert "secret words" not in str(raised.value)
    assert len(instance.asked) == 1


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("answer", [BUSY, CONFLICT], ids=["busy", "conflict"])
def test_a_write_that_was_surely_not_done_is_sent_three_times_at_most(
    table: Table, instance: Instance, write: str, answer: RefusedError
) -> None:
    instance.instead = [answer] * 3
    with pytest.raises(UnavailableError, match=answer.code):
        WRITES[write](table)
    assert len(instance.asked) == 3
    instance.instead = [answer] * 2
    WRITES[write](table)
    assert len(instance.asked) == 6


@pytest.mark.parametrize("read", READS)
def test_a_read_is_sent_three_times_at_most(table: Table, instance: Instance, read: str) -> None:
    instance.instead = [LOST, BROKEN]
    READS[read](table)
    assert len(instance.asked) == 3
    instance.instead = [BROKEN, LOST, LOST]
    with pytest.raises(UnavailableError):
        READS[read](table)
    assert len(instance.asked) == 6


def test_no_one_there_is_an_unavailable_store() -> None:
    client = connection(f"http://127.0.0.1:{free_port()}")
    table = TableStoreTable("notes", NOTES, lambda: client, (0, 0))
    for act in (*READS.values(), *WRITES.values()):
        with pytest.raises(UnavailableError, match="NewConnectionError"):
            act(table)


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        ("OTSNoPermissionAccess", "of ann's secret", AccessDeniedError),
        ("OTSAuthFailed", "The AccessKeyID of ann is disabled.", AccessDeniedError),
        ("OTSAuthFailed", "The token of ann has expired.", UnavailableError),
        ("OTSObjectNotExist", "of ann's secret", ResourceMissingError),
        ("OTSUnsupportedOperation", "of ann's secret", PortError),
    ],
)
def test_what_tablestore_refuses_is_a_port_error_that_holds_none_of_its_words(
    table: Table, instance: Instance, code: str, message: str, error: type[PortError]
) -> None:
    for act in (*READS.values(), *WRITES.values()):
        instance.instead = [RefusedError(code, message, 403)] * 3
        with pytest.raises(error, match=code) as raised:
            act(table)
        assert type(raised.value) is error
        assert "ann" not in str(raised.value)


def test_a_table_that_is_not_there_is_missing(endpoint: str) -> None:
    client = connection(endpoint)
    table = TableStoreTable("none", NOTES, lambda: client, (0, 0))
    for act in (*READS.values(), *WRITES.values()):
        with pytest.raises(ResourceMissingError, match="OTSObjectNotExist"):
            act(table)


@pytest.mark.parametrize(
    "wrong", [KEYS._replace(secret="other"), KEYS._replace(id="LTAIother")], ids=["secret", "id"]
)
def test_keys_that_tablestore_does_not_take_are_a_denial(
    table: Table, endpoint: str, wrong: Keys
) -> None:
    client = connection(endpoint, lambda: wrong)
    other = TableStoreTable("notes", NOTES, lambda: client)
    with pytest.raises(AccessDeniedError):
        other.put(KEY)
    assert table.get(KEY) == {**KEY, "count": 1}


def test_each_request_is_signed_with_the_keys_of_that_moment(
    table: Table, instance: Instance, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert table.get(KEY)
    monkeypatch.setattr(os, "environ", {"FC_REGION": REGION, "SHOP_TABLESTORE": "{}"})
    own = open_table("notes", {**STATED, "endpoint": endpoint, "instance": INSTANCE})
    with pytest.raises(UnavailableError, match="ALIBABA_CLOUD_ACCESS_KEY_ID"):
        own.get(KEY)
    for token in ("first", "second"):
        instance.keys = Keys("id", "secret", token)
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "id"
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "secret"
        with pytest.raises(UnavailableError, match="OTSAuthFailed"):
            own.update(KEY, set={"a": 1})
        os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"] = token
        assert own.get(KEY) == {**KEY, "count": 1}


def test_all_tables_of_an_instance_have_one_client(
    table: Table, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert table.get(KEY)
    where = f'{{"endpoint": "{endpoint}", "instance": "{INSTANCE}"}}'
    monkeypatch.setenv("SHOP_TABLESTORE", where)
    monkeypatch.setenv("FC_REGION", REGION)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEYS.id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEYS.secret)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", KEYS.token)
    assert open_table("notes", STATED).get(KEY) == {**KEY, "count": 1}
    assert clients.client(endpoint, INSTANCE) is clients.client(endpoint, INSTANCE)


def test_a_failed_condition_is_explained_by_the_row_and_stays_one_without_it(
    table: Table, instance: Instance
) -> None:
    denied = RefusedError("OTSNoPermissionAccess", "no", 403)
    failed = RefusedError("OTSConditionCheckFail", "Condition check failed.", 403)
    few = [Condition("count", ">=", 3)]
    with pytest.raises(ConditionFailedError, match="count"):
        table.update(KEY, add={"count": -3}, when=few)
    with pytest.raises(ConditionFailedError, match="count"):
        table.delete(KEY, when=few)
    assert instance.asked == ["UpdateRow", "GetRow", "DeleteRow", "GetRow"]
    for unread in ([failed, denied], [failed, LOST, LOST, LOST], [failed]):
        instance.instead = list(unread)  # the last: the row is as it should be by now
        with pytest.raises(ConditionFailedError, match="as the update needs it"):
            table.update(KEY, add={"count": 1})
    instance.instead = [failed, denied]
    with pytest.raises(ConditionFailedError, match="as the conditions have it"):
        table.delete(KEY, when=few)


def test_ten_comparisons_are_the_most_guards_of_sums_among_them(
    table: Table, instance: Instance
) -> None:
    row: dict[str, Scalar] = {**KEY, **{f"c{number}": number for number in range(10)}}
    table.put(row)
    known = [Condition(f"c{number}", "=", number) for number in range(10)]
    table.update(KEY, add={f"c{number}": 1 for number in range(10)}, when=known)
    table.update(KEY, add={f"c{number}": -1 for number in range(10)})
    assert table.get(KEY) == row
    instance.asked.clear()
    with pytest.raises(InvalidValueError, match="11 comparisons"):
        table.update(KEY, add={"c9": 1, "other": 1}, when=known)
    assert not instance.asked
    with pytest.raises(InvalidValueError, match="64 bits"):
        table.update(KEY, add={"c9": 2**63 - 1}, when=known)
    assert table.get(KEY) == row


def test_a_write_of_more_columns_than_tablestore_takes_is_refused(
    table: Table, instance: Instance
) -> None:
    many: dict[str, Scalar] = {f"column{number}": number for number in range(1025)}
    with pytest.raises(InvalidValueError, match="1024 is the most"):
        table.put({**KEY, **many})
    with pytest.raises(InvalidValueError, match="1024 is the most"):
        table.update(KEY, set=many)
    assert not instance.asked


def test_columns_of_any_name_are_removed(table: Table) -> None:
    """The SDK counts too few bytes for names that are given without a value."""
    names = ["c", "co", "col", "c" * 64]
    table.update(KEY, set=dict.fromkeys(names, "x"))
    table.update(KEY, remove=names)
    assert table.get(KEY) == {**KEY, "count": 1}


def test_a_page_goes_on_through_tablestores_own_pages(table: Table, instance: Instance) -> None:
    notes = [f"n{number}" for number in range(8)]
    for note in notes:
        table.put({"owner": "bob", "note": note, "state": "new", "changed": note})
    instance.rows_at_once = 3
    for index, partition in ((None, "bob"), ("by_state", "new")):
        for descending in (False, True):
            first = table.query(partition, index=index, limit=6, descending=descending)
            rest = table.query(
                partition, index=index, limit=6, descending=descending, cursor=first.cursor
            )
            found = [row["note"] for row in (*first.rows, *rest.rows)]
            assert found == (notes[::-1] if descending else notes)
            assert rest.cursor is None


@pytest.mark.parametrize(
    "position", [("", ""), ("ann", "two"), ("bob", ""), ("bob", "a"), ("bob", "z"), ("zoe", "n1")]
)
def test_a_cursor_of_no_row_of_the_query_asks_for_nothing(
    table: Table, instance: Instance, position: tuple[str, str]
) -> None:
    """TableStore would begin there, and read all that lies between."""
    sort = Between(low="n", high="o")
    for descending in (False, True):
        with pytest.raises(InvalidValueError, match="cursor"):
            table.query("bob", sort=sort, cursor=packed(*position), descending=descending)
        assert not instance.asked
    assert table.query("bob", sort=sort, cursor=packed("bob", "n1")).rows == ()


@pytest.mark.parametrize("act", [*READS.values(), *WRITES.values()])
def test_an_answer_that_is_signed_but_cannot_be_read_is_an_unavailable_store(
    table: Table,
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Table], object],
) -> None:
    assert table.get(KEY)
    monkeypatch.setattr(instance, "answer", lambda _operation, _body: b"\x0a\xff\x01abc")
    with pytest.raises(UnavailableError, match="DecodeError"):
        act(table)


def test_a_range_downwards_ends_at_its_least_key(table: Table, instance: Instance) -> None:
    """GetRange excludes its end, and no text is just before another."""
    for note in "abcdef":
        table.put({"owner": "bob", "note": note})
    instance.rows_at_once = 1
    instance.asked.clear()
    page = table.query("bob", sort=Between(low="e", high="f"), descending=True)
    assert [row["note"] for row in page.rows] == ["f", "e"]
    assert len(instance.asked) == 3


def test_an_index_leaves_out_what_has_moved_on_since(table: Table, instance: Instance) -> None:
    def row(note: str, state: str) -> Row:
        return {"owner": "bob", "note": note, "state": state, "changed": note}

    for note in "abc":
        table.put(row(note, "new"))
    instance.lags = True
    table.put(row("a", "old"))
    table.delete({"owner": "bob", "note": "b"})
    table.update({"owner": "bob", "note": "c"}, set={"text": "as it is now"})
    assert table.query("new", index="by_state").rows == (
        {**row("c", "new"), "text": "as it is now"},
    )
    assert table.query("old", index="by_state").rows == ()
    instance.catch_up()
    assert table.query("old", index="by_state").rows == (row("a", "old"),)


def test_a_row_that_an_index_has_twice_is_read_once(table: Table, instance: Instance) -> None:
    """While it moves within a partition, the old entry may be there beside the new one."""
    rows = [
        {"owner": "bob", "note": note, "state": "new", "changed": changed}
        for note, changed in (("a", "3"), ("b", "2"))
    ]
    for row in rows:
        table.put(row)
    instance.show("notes_by_state", "new", "1", "bob", "a")
    assert table.query("new", index="by_state").rows == (rows[1], rows[0])


def test_rows_of_an_index_are_read_a_hundred_at_a_time(table: Table, instance: Instance) -> None:
    for number in range(101):
        table.put({"owner": "bob", "note": f"{number:03}", "topic": "all"})
    instance.asked.clear()
    assert len(table.query("all", index="by_topic", limit=1000).rows) == 101
    assert instance.asked == ["GetRange", "BatchGetRow", "BatchGetRow"]


def test_a_large_change_is_measured_with_the_row_that_it_changes(
    table: Table, instance: Instance
) -> None:
    """TableStore takes rows of any size."""
    table.update(KEY, set={"small": "x" * 60_000})
    assert instance.asked == ["UpdateRow"]
    instance.asked.clear()
    with pytest.raises(InvalidValueError, match="bucket"):
        table.update(KEY, set={"large": "x" * 399_000})
    assert instance.asked == ["GetRow"]
