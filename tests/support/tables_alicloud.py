"""TableStore as one of the stores that the conformance suite of tables runs on."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from app.adapters.alicloud import clients
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.reads import index_columns, index_name
from app.adapters.alicloud.sdk import sdk
from app.adapters.alicloud.tables import TableStoreTable
from app.ports.tables import Schema, Table
from tests.support.alicloud_account import Account, made_instance, until
from tests.support.loopback import KEYS, REGION
from tests.support.tables_lent import LentTables
from tests.support.tables_stores import Store
from tests.support.tablestore_server import INSTANCE, Instance, serving

DAY_S = 24 * 60 * 60
_INDEX_S = 3.0  # an index follows its table in far less, but promises nothing
_ROWS_AT_ONCE = 7  # few, so that pages of queries go on over those of TableStore


def connection(endpoint: str, credentials: Callable[[], Keys] = lambda: KEYS) -> Any:
    """A client of a server's instance."""
    return clients.make(endpoint, INSTANCE, REGION, credentials)


def create(client: Any, at: str, schema: Schema) -> None:
    """A table with its indexes, as the program declares them."""
    loaded = sdk()
    key = _key(schema)
    indexed = {column for columns in schema.indexes.values() for column in columns if column}
    meta = loaded.TableMeta(
        at,
        [(column, "STRING") for column in key],
        [(column, "STRING") for column in sorted(indexed - {*key})],
    )
    life_s = DAY_S if schema.expiring else -1
    client.create_table(
        meta,
        loaded.TableOptions(time_to_live=life_s, max_version=1),
        loaded.ReservedThroughput(loaded.CapacityUnit(0, 0)),
        [
            loaded.SecondaryIndexMeta(
                index_name(at, index), index_columns(schema, index), [],
                loaded.SecondaryIndexType.GLOBAL_INDEX,
            )
            for index in schema.indexes
        ],
    )  # fmt: skip


class TableStores(LentTables):
    """Tables of an instance: of an account's, or of a server that plays TableStore."""

    def __init__(self, client: Any, server: Instance | None = None) -> None:
        super().__init__("_")
        self.client = client
        self.server = server
        self.reused = server is None  # its indexes may lag for ever

    def settle(self) -> None:
        """Come back when the indexes have followed."""
        if self.server is None:
            time.sleep(_INDEX_S)
        else:
            self.server.catch_up()

    def create(self, name: str, schema: Schema) -> None:
        create(self.client, name, schema)
        if self.server is None:
            until(lambda: self._answers(name, schema))

    def empty(self, name: str, schema: Schema) -> None:
        for row in self._rows(name, _key(schema)):
            self.client.delete_row(name, row.primary_key)

    def delete(self, name: str, schema: Schema) -> None:
        del schema
        self.client.delete_table(name)

    def _answers(self, name: str, schema: Schema) -> bool:
        """Whether it can be read, and its indexes can, which takes a while after they were made."""
        try:
            for _ in self._rows(name, _key(schema)):
                break
            for index in schema.indexes:
                for _ in self._rows(index_name(name, index), index_columns(schema, index)):
                    break
        except clients.errors():
            return False
        return True

    def _rows(self, name: str, key: Sequence[str]) -> Iterator[Any]:
        loaded = sdk()
        start = [(column, loaded.INF_MIN) for column in key]
        end = [(column, loaded.INF_MAX) for column in key]
        while start:
            _, start, rows, _ = self.client.get_range(
                name, loaded.Direction.FORWARD, start, end, list(key)
            )
            yield from rows


@contextmanager
def tablestores(*, lags: bool) -> Iterator[TableStores]:
    """Those of a server of its own, gone in the end."""
    instance = Instance(rows_at_once=_ROWS_AT_ONCE, lags=lags)
    with serving(instance) as endpoint:
        yield TableStores(connection(endpoint), instance)


@contextmanager
def accounts_tablestores(account: Account) -> Iterator[TableStores]:
    """Those of an instance in the account, which is made, and deleted in the end."""
    with made_instance(account) as name:
        client = clients.make(account.tables_at(name), name, account.region, lambda: account.keys)
        until(lambda: _listed(client))
        tables = TableStores(client)
        try:
            yield tables
        finally:
            tables.close()


class TableStoreStore(Store):
    """Tables of TableStore. An index that lags hides what has moved since."""

    removes = False

    def __init__(self, stores: TableStores) -> None:
        super().__init__()
        self.lags = False if stores.server and not stores.server.lags else None
        self._stores = stores
        self._lent: list[tuple[Schema, str]] = []

    def bare(self, name: str, schema: Schema) -> Table:
        del name
        at = self._stores.lend(schema)
        self._lent.append((schema, at))
        return TableStoreTable(at, schema, lambda: self._stores.client)

    def settle(self) -> None:
        self._stores.settle()

    def close(self) -> None:
        for schema, at in self._lent:
            self._stores.take_back(schema, at)


def _key(schema: Schema) -> list[str]:
    return [column for column in (schema.partition, schema.sort) if column is not None]


def _listed(client: Any) -> bool:
    try:
        client.list_table()
    except clients.errors():
        return False
    return True
