"""Reading Python's files."""

import ast
import gc
from collections.abc import Iterator

import pytest

from infra.sources import parse


class Forgotten:
    """Garbage whose end parses, as that of a future does which logs its exception."""

    def __init__(self) -> None:
        self.own = self

    def __del__(self) -> None:
        ast.parse("x = 1")


@pytest.fixture
def collected_often() -> Iterator[None]:
    """Garbage is collected after every few new objects."""
    before = gc.get_threshold()
    gc.set_threshold(5)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collected_often")
def test_a_file_is_read_while_garbage_that_parses_is_collected() -> None:
    """Python before 3.11.8 fails here with a SystemError."""
    for _ in range(50):
        Forgotten()
    found = parse("app/long.py", b"import json\nvalues = [1, (2, 3)]\n" * 1_000)
    assert found.names == frozenset({"json", "values"})
    assert gc.isenabled()
