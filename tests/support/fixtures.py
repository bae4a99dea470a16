"""What tests with the real engine are given."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project, opened


def emulating(made: Project, config: pytest.Config) -> Project:
    """The project, whose local cloud emulates what `--emulate` says."""
    cloud = config.getoption("--emulate")
    if cloud != "aws":  # which it does by itself
        made.settings(f"target: local\nlocal:\n  emulate: {cloud}\n")
    return made


@pytest.fixture
def project(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """A copy of the checkout for one test, with a small shop, not up yet."""
    with opened(tmp_path_factory.mktemp("project") / "shop") as made:
        yield emulating(made, pytestconfig)


@pytest.fixture(scope="module")
def lasting(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """The same for all tests of one module, each of which goes on with what was left."""
    with opened(tmp_path_factory.mktemp("lasting") / "shop") as made:
        yield emulating(made, pytestconfig)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """A copy of the checkout with a small shop that is up, for all tests of one module."""
    with opened(tmp_path_factory.mktemp("running") / "shop") as made:
        emulating(made, pytestconfig).up().ok()
        yield made


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """A copy of the checkout with its whole shop that is up, for all tests of one module."""
    with opened(tmp_path_factory.mktemp("whole") / "shop", whole=True) as made:
        emulating(made, pytestconfig).up().ok()
        yield made
