"""Tables, buckets and queues that tell a meter what is asked of them, before any adapter.

Units are those by which clouds count and cap: a read of 4 KB and a write of 1 KB, each started one
whole. A query's rows count together. A write counts the larger of the row before and after it, by
itself and once more for each row of an index that changes, twice where that moves; a write whose
condition fails counts, too. See "Read and write operations" in the DynamoDB Developer Guide, whose
halved reads of an index are not taken off here: other stores have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.adapters.common.rows import entry, row_bytes
from app.adapters.common.tables import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from app.metering import Meter
    from app.ports.adapters import Adapters, Stated
    from app.ports.blobs import Blob, Bucket
    from app.ports.queue import Queue
    from app.ports.tables import Between, Condition, Key, Page, Prefix, Row, Schema, Table

READ_BYTES = 4096
WRITE_BYTES = 1024


def started(size: int, unit: int) -> int:
    """How many units of `unit` bytes are started by so many bytes; nothing counts as one."""
    return max(1, -(-size // unit))


def write_units(schema: Schema, before: Row | None, after: Row | None) -> int:
    """What a change of a row counts in a table of this schema, its indexes' rows included."""
    sizes = [0 if row is None else row_bytes(row) for row in (before, after)]
    units = started(max(sizes), WRITE_BYTES)
    for columns in schema.indexes.values():
        was, now = (None if row is None else entry(columns, row) for row in (before, after))
        if was is not None and was == now:
            units += started(max(sizes), WRITE_BYTES) if before != after else 0
        else:
            units += started(sizes[0], WRITE_BYTES) if was is not None else 0
            units += started(sizes[1], WRITE_BYTES) if now is not None else 0
    return units


class MeteredAdapters:
    """Adapters whose tables, buckets and queues are counted; all else is handed through."""

    def __init__(self, adapters: Adapters, meter: Meter) -> None:
        self._adapters = adapters
        self._meter = meter
        self.secrets = adapters.secrets
        self.passwords = adapters.passwords
        self.clock = adapters.clock
        self.payments = adapters.payments  # what it needs of tables comes from the services

    def table(self, name: str, stated: Stated) -> Table:
        """The table of this name."""
        opened = self._adapters.table(name, stated)
        return MeteredTable(opened, name, schema_of(stated), self._meter)

    def bucket(self, name: str, stated: Stated) -> Bucket:
        """The bucket of this name."""
        return MeteredBucket(self._adapters.bucket(name, stated), self._meter)

    def queue(self, name: str, stated: Stated) -> Queue:
        """The queue of this name."""
        return MeteredQueue(self._adapters.queue(name, stated), name, self._meter)


class MeteredTable:
    """A table whose units are counted.

    A row's size is known by reading it before and after each write, which counts for nothing.
    """

    def __init__(self, table: Table, name: str, schema: Schema, meter: Meter) -> None:
        self._table = table
        self._name = name
        self._schema = schema
        self._meter = meter

    def get(self, key: Key) -> Row | None:
        """See Table."""
        with self._meter.aside():
            with self._meter.store():
                row = self._table.get(key)
            size = 0 if row is None else row_bytes(row)
            self._meter.read(self._name, started(size, READ_BYTES))
            return row

    def put(self, row: Row, *, if_absent: bool = False) -> None:
        """See Table."""
        columns = (self._schema.partition, self._schema.sort)
        key = {each: str(row[each]) for each in columns if each is not None}
        self._write(key, lambda: self._table.put(row, if_absent=if_absent))

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - the port's name for it
        add: Mapping[str, int] | None = None,
        remove: Collection[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        """See Table."""
        self._write(
            key, lambda: self._table.update(key, set=set, add=add, remove=remove, when=when)
        )

    def delete(self, key: Key, *, when: Sequence[Condition] = ()) -> None:
        """See Table."""
        self._write(key, lambda: self._table.delete(key, when=when))

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
        """See Table."""
        with self._meter.aside():
            with self._meter.store():
                page = self._table.query(
                    partition,
                    sort=sort,
                    index=index,
                    limit=limit,
                    cursor=cursor,
                    descending=descending,
                )
            size = sum(map(row_bytes, page.rows))
            self._meter.read(self._name, started(size, READ_BYTES))
            return page

    def remove_expired(self) -> int:
        """See Table. It counts for nothing: stores of the clouds do it by themselves."""
        with self._meter.aside():
            return self._table.remove_expired()

    def _write(self, key: Key, write: Callable[[], None]) -> None:
        with self._meter.aside():
            before = after = self._table.get(key)
            try:
                with self._meter.store():
                    write()
                after = self._table.get(key)
            finally:
                self._meter.wrote(self._name, write_units(self._schema, before, after))


class MeteredBucket:
    """A bucket whose calls are counted; what is signed or spelt in the process is none."""

    def __init__(self, bucket: Bucket, meter: Meter) -> None:
        self._bucket = bucket
        self._meter = meter
        self.upload_url = bucket.upload_url
        self.download_url = bucket.download_url
        self.public_url = bucket.public_url

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            self._bucket.put(key, body, content_type)

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            self._bucket.put_file(key, file, content_type)

    def get(self, key: str, **more: Any) -> bytes:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            return self._bucket.get(key, **more)

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            return self._bucket.peek(key, size, etag=etag)

    def head(self, key: str) -> Blob | None:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            return self._bucket.head(key)

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            self._bucket.copy(source, target, etag=etag)

    def delete(self, key: str) -> None:
        """See Bucket."""
        with self._meter.aside(), self._meter.store():
            self._bucket.delete(key)


class MeteredQueue:
    """A queue whose messages are counted."""

    def __init__(self, queue: Queue, name: str, meter: Meter) -> None:
        self._queue = queue
        self._name = name
        self._meter = meter

    def send(self, body: str) -> None:
        """See Queue."""
        with self._meter.aside(), self._meter.store():
            self._queue.send(body)
        self._meter.sent(self._name)
