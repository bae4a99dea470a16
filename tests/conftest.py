"""What all tests share: small counts by default, full ones with --soak."""

from typing import Protocol

import pytest
from hypothesis import settings

from tests.support.moto import aws, moto

__all__ = ["aws", "moto"]

# A run in between is to say the same each time; the long one looks for what is not known yet.
settings.register_profile("test", derandomize=True, deadline=None)
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
        choices=("moto", "aws"),
        default="moto",
        help="what plays AWS: moto on this machine, or an account, by the caller's own credentials",
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
    config.addinivalue_line("markers", "long: takes seconds by itself; not in `make test-fast`")
    config.addinivalue_line(
        "markers", "moto: asks a cloud, or what plays it; set by what a test uses"
    )
    settings.load_profile("soak" if config.getoption("--soak") else "test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and _asks_cloud(item):
            item.add_marker("moto")


def _asks_cloud(test: pytest.Function) -> bool:
    if {"moto", "aws"} & set(test.fixturenames):
        return True
    chosen = test.callspec.params.values() if hasattr(test, "callspec") else ()
    return "conformance" in test.path.parts and any(each in _CLOUDS for each in chosen)


@pytest.fixture(scope="session")
def counts(request: pytest.FixtureRequest) -> Counts:
    """`counts(small=20, full=1000)`: the first by default, the second under `make soak`."""
    soak = bool(request.config.getoption("--soak"))

    def choose(*, small: int, full: int) -> int:
        return full if soak else small

    return choose
