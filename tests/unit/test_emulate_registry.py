"""Each half of an emulation is found by name, and no two gateways give out the same id."""

import re
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest

from infra.local.runtime.emulate.registry import gateway_side, worker_side

CLOUDS = ("aws", "alicloud")


def test_ids_have_the_clouds_form() -> None:
    found = gateway_side("aws").new_request_id()
    assert str(UUID(found)) == found
    assert UUID(found).version == 4
    form = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}")
    assert form.fullmatch(gateway_side("alicloud").new_request_id())


FORKED = """
import os, sys
from infra.local.runtime.emulate.registry import gateway_side
side = gateway_side(sys.argv[1])
ids = [each.new_request_id() for each in (side, gateway_side(sys.argv[1])) for _ in range(500)]
if child := os.fork():
    os.waitpid(child, 0)
    print(*ids)
print(*[side.new_request_id() for _ in range(500)])
"""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_ids_are_unique_across_gateways_and_a_fork(cloud: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", FORKED, cloud],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    ids = found.stdout.split()
    assert len(set(ids)) == len(ids) == 2000


@pytest.mark.parametrize("side", [gateway_side, worker_side])
def test_an_unknown_cloud_is_refused_by_its_name(side: Any) -> None:
    with pytest.raises(ValueError, match="no emulation is called 'azure': write aws or alicloud"):
        side("azure")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_worker_does_not_load_the_gateways_half(cloud: str) -> None:
    code = (
        "import sys; from infra.local.runtime.emulate.registry import worker_side;"
        f"worker_side({cloud!r});"
        "print([each for each in sys.modules if each.endswith(('gateway', 'wire', 'uvicorn'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert found.stdout.strip() == "[]"
