"""What all tests share: small counts by default, full ones with --soak."""

import gc
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import pytest
from hypothesis import settings

from infra.errors import PlatformError
from tests.support.accounts import check_account
from tests.support.alicloud_account import alicloud
from tests.support.moto import aws, moto

__all__ = ["alicloud", "aws", "moto"]

# A run in between is to say the same each time; the long one looks for what is not known yet.
settings.register_profile("test", max_examples=40, derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2_000, deadline=None)

# the stores of conformance tests that are a cloud's, or what plays it
_CLOUDS = ("alicloud", "aws", "dynamodb", "tablestore", "tablestore-lag")


class Counts(Protocol):
    """Chooses how often a test repeats what it does."""

    def __call__(self, *, small: int, full: int) -> int: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="full counts instead of small ones")
    parser.addoption(
        "--cloud",
        choices=("moto", "aws", "alicloud"),
        default="moto",
        help="what the adapters of a cloud run on: what plays it on this machine, or an account of "
        "this cloud, by the caller's own credentials",
    )
    parser.addoption(
        "--emulate",
        choices=("aws", "alicloud"),
        default="aws",
        help="the cloud that local stacks emulate where a test does not say which",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "busy: hundreds of requests; on a store behind HTTP with --soak only"
    )
    config.addinivalue_line(
        "markers", "long: takes seconds, or its file does; not in `make test-fast`"
    )
    config.addinivalue_line(
        "markers", "moto: asks a cloud, or what plays it; set by what a test uses"
    )
    settings.load_profile("soak" if config.getoption("--soak") else "test")


def pytest_sessionstart(session: pytest.Session) -> None:
    cloud = session.config.getoption("--cloud")
    if cloud != "moto":
        try:
            check_account(cloud)
        except PlatformError as error:
            pytest.exit(f"{error}", returncode=1)


def pytest_collection() -> None:
    gc.disable()  # collecting makes nothing that is garbage, and much that would be looked through


def pytest_collection_finish() -> None:
    gc.freeze()  # nor does any of that become garbage
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--cloud") == "alicloud":  # whoever has that account may have no moto
        left_out = [each for each in items if _asks(each, {"moto", "aws"}, ("aws", "dynamodb"))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each not in left_out]
    for item in items:
        if _asks(item, {"moto", "aws", "alicloud"}, _CLOUDS):
            item.add_marker("moto")


def _asks(item: pytest.Item, fixtures: AbstractSet[str], stores: Sequence[str]) -> bool:
    """Whether a test uses one of these fixtures, or is of conformance on one of these stores."""
    if not isinstance(item, pytest.Function):
        return False
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return bool(fixtures & set(item.fixturenames)) or (
        "conformance" in item.path.parts and any(each in stores for each in chosen)
    )


@pytest.fixture
def collected() -> None:
    """What other tests left in cycles is gone: for tests that count what there is."""
    gc.collect()


@pytest.fixture(scope="session")
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether all is to be tried that there is, as under `make soak`."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture(scope="session")
def counts(*, soak: bool) -> Counts:
    """`counts(small=20, full=1000)`: the first by default, the second under `make soak`."""

    def choose(*, small: int, full: int) -> int:
        return full if soak else small

    return choose
