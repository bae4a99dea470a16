"""The bucket of each adapter. Tests share it, each below a folder of its own.

A module may say which `ADAPTERS` it is for, and which of them it runs on `WITH_SOAK` only.
"""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conformance.blobs.buckets import NAMES, USUAL, Opened, opened

_numbers = count()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "made" in metafunc.fixturenames:
        here = getattr(metafunc.module, "ADAPTERS", NAMES)
        usual = set(USUAL) - set(getattr(metafunc.module, "WITH_SOAK", ()))
        soak = metafunc.config.getoption("--soak")
        names = [each for each in here if soak or each in usual]
        metafunc.parametrize("made", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    with opened(name, folder, request.getfixturevalue) as found:
        yield found


@pytest.fixture
def at() -> str:
    """A folder that no other test uses."""
    return f"test-{next(_numbers)}"
