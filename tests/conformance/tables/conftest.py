"""Every test here runs on every store, through the checks that functions' tables have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ports.tables import Table
from tests.support.tables_stores import NOTES, STORES, Store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """One of the stores."""
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def notes(store: Store) -> Table:
    """A table of notes: an owner's, by name, with two indexes."""
    return store.make(NOTES)
