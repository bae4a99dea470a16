"""The bucket of each adapter. Tests share it, each below a folder of its own."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conformance.blobs.buckets import NAMES, USUAL, Opened, opened

_numbers = count()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "made" in metafunc.fixturenames:
        names = NAMES if metafunc.config.getoption("--soak") else USUAL
        metafunc.parametrize("made", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    name: str = request.param
    with opened(name, tmp_path_factory.mktemp(name)) as found:
        yield found


@pytest.fixture
def at() -> str:
    """A folder that no other test uses."""
    return f"test-{next(_numbers)}"
