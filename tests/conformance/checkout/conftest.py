"""The stores that the conformance suite of tables has, for whole shops to be made on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.tables.conftest import dynamo_tables, tablestore
from tests.support.checkout_shop import local_store
from tests.support.tables_alicloud import TableStoreStore
from tests.support.tables_aws import DynamoStore
from tests.support.tables_stores import Store

__all__ = ["dynamo_tables", "tablestore"]

SQLITE, DYNAMODB, TABLESTORE = "sqlite", "dynamodb", "tablestore"


class Stores:
    """`one` makes a store, and lets go of the one before: an instance has room for 64 tables."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._count = 0
        self._open: Store | None = None

    def one(self) -> Store:
        self.close()
        self._open = self._made()
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _made(self) -> Store:
        value = self._request.getfixturevalue
        if self._request.param == DYNAMODB:
            return DynamoStore(value("dynamo_tables"))
        if self._request.param == TABLESTORE:
            return TableStoreStore(value("tablestore"))
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        return local_store(folder)


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Makes stores of a kind as they are asked for, one after the other."""
    made = Stores(request, tmp_path)
    yield made
    made.close()
