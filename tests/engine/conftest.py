import pytest

from tests.conftest import Counts
from tests.support.fixtures import project, running, shop

__all__ = ["project", "running", "shop"]


@pytest.fixture(scope="session")
def whole_shop(counts: Counts) -> bool:
    """Whether stacks on a cloud have the whole shop, as under `make soak`, or the small one."""
    return bool(counts(small=0, full=1))
