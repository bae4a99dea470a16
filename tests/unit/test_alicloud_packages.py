"""An archive that its region's Function Compute would not take is refused before anything else."""

import os
from pathlib import Path

import pytest

from infra.alicloud.packages import packages
from infra.errors import Refused
from infra.model import Function, Platform, Route
from infra.settings_alicloud import Alicloud
from tests.support.packages import Machine, project

SHOP = Platform(
    stack="dev",
    functions=(Function(name="plain", handler="app.handlers.plain.run"),),
    routes=(Route(method="GET", path="/", function="plain"),),
)
MOST = 100_000_000


def built(root: Path, region: str) -> Path:
    """The archive of the function, made unless it stands already. Raises Refused."""
    tools = Machine().tools()
    return packages(SHOP, Alicloud(), root, region, offline=False, tools=tools).code["plain"].file


@pytest.mark.parametrize("region", ["cn-chengdu", "eu-west-1"])
def test_no_archive_of_over_100_mb_goes_where_no_more_are_taken(
    tmp_path: Path, region: str
) -> None:
    """The larger regions take 500 MB, more than a package may have unpacked."""
    root = project(tmp_path / "shop", {"plain": "def run(event, context): ...\n"})
    file = built(root, region)
    os.truncate(file, MOST)
    assert built(root, region) == file
    os.truncate(file, MOST + 1)
    with pytest.raises(Refused) as raised:
        built(root, region)
    (problem,) = raised.value.problems
    assert (problem.path, problem.value) == (
        "functions.plain",
        "a package of 100,000,001 bytes, zipped",
    )
    assert region in problem.consequence
    assert built(root, "cn-hangzhou") == file
