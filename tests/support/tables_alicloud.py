"""TableStore as one of the stores that the conformance suite of tables runs on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.adapters.alicloud import clients
from app.adapters.alicloud.keys import Keys
from app.adapters.alicloud.reads import index_columns, index_name
from app.adapters.alicloud.sdk import sdk
from app.adapters.alicloud.tables import TableStoreTable
from app.ports.tables import Schema, Table
from tests.support.loopback import KEYS, REGION
from tests.support.tables_stores import Store
from tests.support.tablestore_server import INSTANCE, Instance, serving

DAY_S = 24 * 60 * 60
_ROWS_AT_ONCE = 7  # few, so that pages of queries go on over those of TableStore


def connection(endpoint: str, credentials: Callable[[], Keys] = lambda: KEYS) -> Any:
    """A client of a server's instance."""
    return clients.make(endpoint, INSTANCE, REGION, credentials)


def create(client: Any, at: str, schema: Schema) -> None:
    """A table with its indexes, as the program declares them."""
    loaded = sdk()
    key = [column for column in (schema.partition, schema.sort) if column is not None]
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


class TableStores:
    """A server that runs, and a client of it; the tables of all tests are in its one instance."""

    def __init__(self, instance: Instance, endpoint: str) -> None:
        self.instance = instance
        self.endpoint = endpoint
        self.client = connection(endpoint)
        self.made = 0


@contextmanager
def tablestores(*, lags: bool) -> Iterator[TableStores]:
    """A server of its own, gone in the end."""
    instance = Instance(rows_at_once=_ROWS_AT_ONCE, lags=lags)
    with serving(instance) as endpoint:
        yield TableStores(instance, endpoint)


class TableStoreStore(Store):
    """Tables of TableStore's server. An index that lags hides what has moved since."""

    removes = False

    def __init__(self, stores: TableStores) -> None:
        super().__init__()
        self.lags = None if stores.instance.lags else False
        self._stores = stores
        self._lent: list[str] = []

    def bare(self, name: str, schema: Schema) -> Table:
        del name
        self._stores.made += 1
        at = f"test_{self._stores.made}"
        create(self._stores.client, at, schema)
        self._lent.append(at)
        return TableStoreTable(at, schema, lambda: self._stores.client)

    def settle(self) -> None:
        self._stores.instance.catch_up()

    def close(self) -> None:
        for at in self._lent:
            self._stores.client.delete_table(at)
