"""Every test here runs on every store, through the checks that functions' tables have.

By default on one of each kind, but what is `busy` on those behind HTTP only with --soak, as is each
in all its forms.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.ports.tables import Table
from tests.support.alicloud_account import Account
from tests.support.tables_alicloud import (
    TableStores,
    TableStoreStore,
    accounts_tablestores,
    tablestores,
)
from tests.support.tables_aws import DynamoStore, DynamoTables
from tests.support.tables_stores import NOTES, STORES, USUAL, Store

DYNAMODB = "dynamodb"
TABLESTORE, LAGGING = "tablestore", "tablestore-lag"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.definition.iter_markers("parametrize")
    if "store" in metafunc.fixturenames and not any(mark.args[0] == "store" for mark in named):
        soak = bool(metafunc.config.getoption("--soak"))
        names = list(STORES if soak else USUAL)
        if soak or metafunc.definition.get_closest_marker("busy") is None:
            names += [DYNAMODB, TABLESTORE]
        if soak:
            names.append(LAGGING)
        metafunc.parametrize("store", names, indirect=True)


@pytest.fixture(scope="session")
def dynamo_tables(aws: Mapping[str, Any]) -> Iterator[DynamoTables]:
    """What makes tables on AWS, or on what plays it, and deletes them in the end."""
    tables = DynamoTables(aws)
    yield tables
    tables.close()


@pytest.fixture(scope="session")
def tablestore(alicloud: Account) -> Iterator[TableStores]:
    """An instance in the account, or a server that plays TableStore."""
    with accounts_tablestores(alicloud) if alicloud.real else tablestores(lags=False) as found:
        yield found


@pytest.fixture(scope="session")
def tablestore_lag() -> Iterator[TableStores]:
    """One whose indexes follow when they are told to."""
    with tablestores(lags=True) as found:
        yield found


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """One of the stores."""
    if request.param == DYNAMODB:
        made: Store = DynamoStore(request.getfixturevalue("dynamo_tables"))
    elif request.param in {TABLESTORE, LAGGING}:
        fixture = request.param.replace("-", "_")
        made = TableStoreStore(request.getfixturevalue(fixture))
    else:
        made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def notes(store: Store) -> Table:
    """A table of notes: an owner's, by name, with two indexes."""
    return store.make(NOTES)
