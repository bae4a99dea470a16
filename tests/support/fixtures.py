"""What tests with the real engine are given."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project, opened


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the checkout for one test, not up yet."""
    with opened(tmp_path_factory.mktemp("project") / "shop") as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the checkout that is up, for all tests of one module."""
    with opened(tmp_path_factory.mktemp("running") / "shop") as made:
        made.up().ok()
        yield made
