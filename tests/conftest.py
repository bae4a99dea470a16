"""What all tests share: small counts by default, full ones with --soak."""

from typing import Protocol

import pytest
from hypothesis import settings

# A run in between is to say the same each time; the long one looks for what is not known yet.
settings.register_profile("test", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2_000, deadline=None)


class Counts(Protocol):
    """Chooses how often a test repeats what it does."""

    def __call__(self, *, small: int, full: int) -> int: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="full counts instead of small ones")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("soak" if config.getoption("--soak") else "test")


@pytest.fixture(scope="session")
def counts(request: pytest.FixtureRequest) -> Counts:
    """`counts(small=20, full=1000)`: the first by default, the second under `make soak`."""
    soak = bool(request.config.getoption("--soak"))

    def choose(*, small: int, full: int) -> int:
        return full if soak else small

    return choose
