"""`make top` tells of a local cloud that runs what that did, and knows all that it tells."""

import io
import re
from contextlib import redirect_stdout

from infra.cli import top
from infra.cli.top_table import rows
from tests.support.local_cloud import LocalCloud


def test_one_look_at_a_cloud_shows_what_its_functions_did(cloud: LocalCloud) -> None:
    cloud.put("told", max_instances=3)
    for _ in range(4):
        assert cloud.get("/told").status == 200
    said = io.StringIO()
    with redirect_stdout(said):
        assert top.main(["--once", "--every", "0.1"], cloud.places.root) == 0
    title, head, *lines = said.getvalue().splitlines()
    assert title.startswith(f"http://127.0.0.1:{cloud.port}, as on {cloud.emulate}  up ")
    assert title.endswith("  2 functions")
    assert [each.split()[0] for each in lines] == ["health", "told", "all"]
    cells = dict(zip(re.split(" {2,}", head), re.split(" {2,}", lines[1]), strict=False))
    assert cells["busy/idle/new"] == "0/1/0"
    assert (cells["min-max"], cells["req/s"], cells["starts"]) == ("0-3", "0", "1")
    assert (cells["refused"], cells["failed"], cells["stops"]) == ("0", "0", "0")
    assert float(cells["p99 ms"]) >= float(cells["p50 ms"]) > 0
    assert float(cells["MB"]) > 1


def test_requests_a_second_come_from_the_clouds_own_counts(cloud: LocalCloud) -> None:
    cloud.put("counted")
    before = top.look(cloud.places)
    for _ in range(5):
        cloud.get("/counted")
    now = top.look(cloud.places)
    (found,) = (each for each in rows(before, now) if each.name == "counted")
    assert found.rate is not None
    assert round(found.rate * (now.at_s - before.at_s)) == 5
