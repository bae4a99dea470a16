"""A server on 127.0.0.1 that speaks TableStore's protocol, for the unchanged SDK.

It has one instance in memory, behind one lock, and takes requests that are signed with its key by
either of the SDK's signatures, and no others. An error's status is that of the page
help/en/tablestore/developer-reference/error-codes.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.support import loopback
from tests.support.loopback import KEYS, Answered, Asked
from tests.support.tablestore_signing import md5, rightly, signed
from tests.support.tablestore_tables import (
    Place,
    RefusedError,
    Rows,
    StoredTable,
    check_key_part,
    invalid,
)
from tests.support.tablestore_wire import messages, read, written

INSTANCE = "shop-test"
_ROWS_AT_ONCE, _BYTES_AT_ONCE, _BATCH = 5000, 4 * 1024 * 1024, 100
_REQUEST_BYTES = 5 * 1024 * 1024


class LostError(Exception):
    """No answer comes."""


class Instance:
    """What a server has; `rows_at_once` is how many GetRange gives, `lags` lets indexes wait.

    `keys` are those that requests must be signed with; `asked` are the operations, in order. Those
    in `instead` are raised, one after another, instead of answering.
    """

    def __init__(
        self, *, rows_at_once: int = _ROWS_AT_ONCE, lags: bool = False, name: str = INSTANCE
    ) -> None:
        self.name = name
        self.rows_at_once = rows_at_once
        self.lags = lags
        self.keys = KEYS
        self.asked: list[str] = []
        self.instead: list[Exception] = []
        self._lock = threading.Lock()
        self._tables: dict[str, StoredTable] = {}

    @property
    def tables(self) -> set[str]:
        """The names of all tables and indexes that there are."""
        with self._lock:
            return self._names()

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        with self._lock:
            return len(self._table(table).places)

    def catch_up(self) -> None:
        """Have all indexes show what was written."""
        with self._lock:
            for table in self._tables.values():
                table.catch_up()

    def show(self, index: str, *key: str) -> None:
        """Have an index show an entry under this key, whether it is true or not."""
        with self._lock:
            self._rows(index).have(tuple((1, part) for part in key), {})

    def answer(self, operation: str, body: bytes) -> bytes:
        """The answer to a request. Raises RefusedError."""
        act = getattr(self, f"_{operation}", None)
        request = getattr(messages, f"{operation}Request", None)
        if act is None or request is None:
            raise RefusedError("OTSUnsupportedOperation", f"{operation} is not offered here.")
        with self._lock:
            self.asked.append(operation)
            if self.instead:
                raise self.instead.pop(0)
            answer: bytes = act(request.FromString(body)).SerializeToString()
            if not self.lags:
                for table in self._tables.values():
                    table.catch_up()
            return answer

    def _CreateTable(self, asked: Any) -> Any:  # noqa: N802 - the operation's name
        names = [asked.table_meta.table_name, *(each.name for each in asked.index_metas)]
        if set(names) & self._names() or len(set(names)) < len(names):
            raise RefusedError("OTSObjectAlreadyExist", "Requested table already exists.", 409)
        ttl = asked.table_options.time_to_live
        if ttl != -1 and ttl < 86_400:
            raise invalid("a row lives for a day at least, or -1 for ever")
        if len(self._names()) + len(names) > 64:
            raise RefusedError("OTSQuotaExhausted", "Number of tables exceeds the quota.", 403)
        self._tables[names[0]] = StoredTable(asked)
        return messages.CreateTableResponse()

    def _ListTable(self, _: Any) -> Any:  # noqa: N802
        return messages.ListTableResponse(table_names=sorted(self._tables))

    def _DeleteTable(self, asked: Any) -> Any:  # noqa: N802
        self._table(asked.table_name)
        del self._tables[asked.table_name]
        return messages.DeleteTableResponse()

    def _DescribeTable(self, asked: Any) -> Any:  # noqa: N802
        made = self._table(asked.table_name).asked
        details = messages.ReservedThroughputDetails(
            capacity_unit=made.reserved_throughput.capacity_unit, last_increase_time=0
        )
        return messages.DescribeTableResponse(
            table_meta=made.table_meta,
            reserved_throughput_details=details,
            table_options=made.table_options,
            index_metas=made.index_metas,
        )

    def _PutRow(self, asked: Any) -> Any:  # noqa: N802
        table = self._table(asked.table_name)
        key, cells = read(asked.row)
        table.put(table.place(key), cells, asked.condition)
        return messages.PutRowResponse(consumed=_consumed())

    def _UpdateRow(self, asked: Any) -> Any:  # noqa: N802
        table = self._table(asked.table_name)
        key, cells = read(asked.row_change)
        table.update(table.place(key), cells, asked.condition)
        return messages.UpdateRowResponse(consumed=_consumed())

    def _DeleteRow(self, asked: Any) -> Any:  # noqa: N802
        table = self._table(asked.table_name)
        key, _ = read(asked.primary_key)
        table.delete(table.place(key), asked.condition)
        return messages.DeleteRowResponse(consumed=_consumed())

    def _GetRow(self, asked: Any) -> Any:  # noqa: N802
        table = self._table(asked.table_name)
        row = _row(table, table.place(read(asked.primary_key)[0]))
        return messages.GetRowResponse(consumed=_consumed(), row=row)

    def _BatchGetRow(self, asked: Any) -> Any:  # noqa: N802
        if sum(len(each.primary_key) for each in asked.tables) > _BATCH:
            raise invalid(f"a batch has more than {_BATCH} rows")
        answer = messages.BatchGetRowResponse()
        for each in asked.tables:
            table = self._table(each.table_name)
            # developer.aliyun.com/ask/218554, of the page of BatchGetRow as it was
            if len(set(each.primary_key)) < len(each.primary_key):
                raise invalid("a batch has a row twice")
            found = answer.tables.add(table_name=each.table_name)
            for key in each.primary_key:
                row = _row(table, table.place(read(key)[0]))
                found.rows.add(is_ok=True, consumed=_consumed(), row=row)
        return answer

    def _GetRange(self, asked: Any) -> Any:  # noqa: N802
        rows = self._rows(asked.table_name)
        start, end = (
            _end(rows, read(each)[0])
            for each in (asked.inclusive_start_primary_key, asked.exclusive_end_primary_key)
        )
        backward = asked.direction == messages.BACKWARD
        places = rows.between(start, end, backward=backward)
        most = min(self.rows_at_once, asked.limit if asked.HasField("limit") else _ROWS_AT_ONCE)
        count, size = 0, 0
        while count < min(most, len(places)) and size < _BYTES_AT_ONCE:
            size += len(_row(rows, places[count]))
            count += 1
        answer = messages.GetRangeResponse(
            consumed=_consumed(), rows=written(_columns(rows, each) for each in places[:count])
        )
        if count < len(places):
            key, _ = _columns(rows, places[count])
            answer.next_start_primary_key = written([(key, ())])
        return answer

    def _names(self) -> set[str]:
        return {name for table in self._tables.values() for name in table.indexes} | {*self._tables}

    def _table(self, name: str) -> StoredTable:
        if name not in self._tables:
            # to write to an index is not allowed either; it is "read-only" (doc-detail/91947)
            raise RefusedError("OTSObjectNotExist", "Requested table does not exist.", 404)
        return self._tables[name]

    def _rows(self, name: str) -> Rows:
        for table in self._tables.values():
            if name in table.indexes:
                return table.indexes[name]
        return self._table(name)


@contextmanager
def serving(instance: Instance) -> Iterator[str]:
    """The address of a server that runs; afterwards it does not."""
    with loopback.serving(lambda asked: answered(instance, asked)) as address:
        yield address


def answered(instance: Instance, asked: Asked) -> Answered | None:
    """What is answered to a request, or None where no answer comes."""
    try:
        _check(instance, asked)
        status, body = 200, instance.answer(asked.path.removeprefix("/"), asked.body)
    except LostError:
        return None
    except RefusedError as error:
        found = messages.Error(code=error.code, message=error.message)
        status, body = error.status, found.SerializeToString()
    headers = signed(asked.path, asked.headers, body, instance.keys)
    return Answered(status, body, headers)


def _check(instance: Instance, asked: Asked) -> None:
    """Raise unless the request is of this instance, whole, and signed with its keys."""
    keys, given = instance.keys, asked.headers
    if len(asked.body) > _REQUEST_BYTES:
        raise RefusedError("OTSRequestBodyTooLarge", "The size of POST data is too large.", 413)
    if given.get("x-ots-accesskeyid") != keys.id:
        raise RefusedError("OTSAuthFailed", "The AccessKeyID does not exist.", 403)
    if given.get("x-ots-instancename") != instance.name:
        raise RefusedError("OTSAuthFailed", "The instance is not found.", 403)
    if given.get("x-ots-ststoken", "") != keys.token:
        raise RefusedError("OTSAuthFailed", "The security token is expired.", 403)
    if given.get("x-ots-contentmd5") != md5(asked.body):
        raise RefusedError("OTSAuthFailed", "Mismatch between MD5 value of request body.", 403)
    if not rightly(asked.path, given, keys):
        raise RefusedError("OTSAuthFailed", "Signature mismatch.", 403)


def _consumed() -> Any:
    return messages.ConsumedCapacity(capacity_unit=messages.CapacityUnit(read=1, write=1))


def _columns(rows: Rows, place: Place) -> tuple[list[tuple[str, Any]], Sequence[tuple[Any, ...]]]:
    key = [(name, value) for name, (_, value) in zip(rows.key, place, strict=True)]
    now_ms = time.time_ns() // 10**6
    return key, [(name, value, now_ms) for name, value in sorted(rows.columns[place].items())]


def _row(rows: Rows, place: Place) -> bytes:
    """The row under a key; b"" when there is none."""
    return written([_columns(rows, place)]) if place in rows.columns else b""


def _end(rows: Rows, key: Sequence[tuple[str, Any]]) -> Place:
    """An end of a range, of a table or of an index."""
    if isinstance(rows, StoredTable):
        return rows.place(key, ends=True)
    if [name for name, _ in key] != rows.key:
        raise RefusedError("OTSInvalidPK", "Primary key schema mismatch.")
    for name, value in key:
        check_key_part(name, value, str, ends=True)
    return tuple(value for _, value in key)
