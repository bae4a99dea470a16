import pytest

from tests.support.fixtures import lasting, project, running, shop

__all__ = ["lasting", "project", "running", "shop"]


@pytest.fixture(scope="session")
def whole_shop(*, soak: bool) -> bool:
    """Whether stacks on a cloud have the whole shop, as under `make soak`, or the small one."""
    return soak
