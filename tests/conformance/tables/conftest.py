"""Every test here runs on every store, through the checks that functions' tables have.

By default on one of each kind; with --soak on each in all its forms.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ports.tables import Table
from tests.support.tables_stores import NOTES, STORES, USUAL, Store


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    named = metafunc.definition.iter_markers("parametrize")
    if "store" in metafunc.fixturenames and not any(mark.args[0] == "store" for mark in named):
        names = STORES if metafunc.config.getoption("--soak") else USUAL
        metafunc.parametrize("store", names, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """One of the stores."""
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def notes(store: Store) -> Table:
    """A table of notes: an owner's, by name, with two indexes."""
    return store.make(NOTES)
