"""A local cloud that the tests of one file share."""

from collections.abc import Iterator

import pytest

from infra.capacity import StartRate
from infra.local.runtime.http_connection import Patience
from tests.support.local_cloud import LocalCloud, running


@pytest.fixture(scope="module", params=["aws", "alicloud"])
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCloud]:
    """A cloud of either emulation with a function `health`; bodies have half a second."""
    emulate: str = request.param
    root = tmp_path_factory.mktemp(emulate)
    with running(root, emulate, start_s=1.0, patience=Patience(body_s=0.5)) as found:
        found.put("health")
        yield found


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud without functions; of those that meet Alibaba Cloud few instances start at once."""
    rates = {"aws": StartRate(1000, 100), "alicloud": StartRate(2, 0.01)}
    with running(tmp_path_factory.mktemp("scaling"), "aws", start_rates=rates) as found:
        yield found
