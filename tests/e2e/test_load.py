"""Changes under load cost no request."""

import sys

from tests.conftest import Counts
from tests.support.load import under_load
from tests.support.project import Project
from tests.support.steps import Step

A_SECOND = 50


def test_three_ups_under_open_loop_load_lose_no_request(running: Project, counts: Counts) -> None:
    seconds = counts(small=12, full=60)
    with under_load(f"{running.url}/health", a_second=A_SECOND, at_least_s=seconds) as load:
        running.edit("infra/shop.py", "memory_mb=128", "memory_mb=256")
        first = running.up().ok()
        running.edit("app/handlers/health.py", '"status": "ok"', '"status": "new"')
        second = running.up().ok()
        running.edit("infra/shop.py", "timeout_s=5", "timeout_s=9")
        third = running.up().ok()
    sys.stdout.write(
        f"\n{load.answers.total()} requests, slowest {load.slowest_s * 1000:.0f} ms, "
        f"at most {load.late_s * 1000:.0f} ms late; "
        f"ups {first.seconds:.1f}, {second.seconds:.1f}, {third.seconds:.1f} s\n"
    )
    properties = ("memory_mb", "fingerprint", "timeout_s")
    assert [ran.steps for ran in (first, second, third)] == [
        (Step("Function health", "update", (name,)),) for name in properties
    ]
    assert set(load.answers) == {200}, load.answers
    assert load.answers.total() >= A_SECOND * seconds * 0.8, "the load itself was held up"
    assert sorted(load.bodies) == [
        '{"status":"new","stack":"local"}',
        '{"status":"ok","stack":"local"}',
    ]
