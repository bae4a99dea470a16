"""What runs can be changed and can die while requests come, and none of them is lost."""

import gc
import os
import resource
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.function import NotStartedError, Revision
from infra.local.runtime.specs import GatewaySpec
from infra.local.runtime.steering import Steering
from infra.local.runtime.telemetry import Meter
from tests.conftest import Counts
from tests.runtime.clients import at_once, under_requests
from tests.runtime.stated import assert_stated, assert_well
from tests.support.local_cloud import BODY_LIMIT, WELL, LocalCloud
from tests.support.pids import descendants, wait_for, wait_for_end
from tests.support.wire_http import Answer, free_port, request

FULL = "every instance is busy and no more may start"
DIED = "the instance died while it worked"
NAP = """
import os, time
def lambda_handler(event, context):
    print(os.getpid(), flush=True)
    time.sleep(0.3)
    return {"statusCode": 200, "body": "rested"}
"""


def instances(cloud: LocalCloud, name: str) -> dict[str, int]:
    found: dict[str, int] = cloud.describe()["instances"][name]
    return found


def test_revisions_that_change_under_requests_lose_none(cloud: LocalCloud, counts: Counts) -> None:
    code = "def lambda_handler(e, c): return {{'statusCode': 200, 'body': 'r{number}'}}"
    cloud.put("turn", code.format(number=0), max_instances=10)
    last = counts(small=20, full=500)
    with under_requests(lambda: cloud.get("/turn")) as answers:
        wait_for(lambda: len(answers) >= 1)
        for number in range(1, last + 1):
            cloud.put("turn", code.format(number=number), max_instances=10)
            seen = len(answers) + 5  # four clients may still be told what was asked before
            wait_for(lambda seen=seen: len(answers) >= seen)  # type: ignore[misc]
    assert {answer.status for answer in answers} == {200}
    assert {answer.body for answer in answers} >= {b"r0", b"r%d" % last}
    assert cloud.get("/turn").body == b"r%d" % last
    cloud.remove("turn")


def test_a_change_of_the_port_or_the_routes_under_requests_loses_none(cloud: LocalCloud) -> None:
    with under_requests(lambda: request(cloud.port, "/health")) as answers:
        for number in range(10):
            cloud.route(f"GET /other/{number}", "health")
        wait_for(lambda: len(answers) > 20)
    assert {answer.status for answer in answers} == {200}
    old = cloud.port
    cloud.port = free_port()
    cloud.serve()
    assert_well(cloud)
    wait_for(lambda: not listens(old))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


REFUSED = {
    "raises": ("raise ValueError('why')", "ValueError: why"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "leaves": ("import os; os._exit(0)", "the process ended while it loaded the handler"),
    "dies": ("import os; os.abort()", "the process ended while it loaded the handler"),
    "never ends": ("while True: pass", "its import took longer than 1 s"),
    "has no handler": ("x = 1", "has no attribute 'lambda_handler'"),
    "is no Python": ("def lambda_handler(:", "SyntaxError"),
    "needs what is not there": ("import nowhere", "No module named 'nowhere'"),
    "forks and raises": (
        "import os\nif not os.fork(): raise ValueError('copy')\nraise ValueError('own')",
        "ValueError: own",
    ),
    "has a lone surrogate": (r"raise ValueError('\udc80')", r"ValueError: \udc80"),
}


@pytest.mark.parametrize(("code", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_a_handler_that_cannot_be_loaded_leaves_the_old_one_serving(
    cloud: LocalCloud, code: str, why: str
) -> None:
    before = cloud.describe()["functions"]["health"]
    with pytest.raises(ChangeError) as raised:
        cloud.put("health", code)
    assert str(raised.value).startswith("made.lambda_handler cannot be loaded: ")
    assert why in str(raised.value)
    assert cloud.describe()["functions"]["health"] == before
    assert_well(cloud)


@pytest.mark.parametrize(
    "changes", [{"handler": "nowhere.f"}, {"handler": "plain"}, {"environment": {"A=B": "c"}}]
)
def test_a_specification_that_no_instance_can_be_made_of_is_refused(
    cloud: LocalCloud, changes: dict[str, object]
) -> None:
    with pytest.raises(ChangeError):
        cloud.put("health", WELL, **changes)
    assert_well(cloud)


def test_an_import_that_forks_starts_one_instance(cloud: LocalCloud) -> None:
    cloud.put("forked", "import os\nos.fork()\n" + WELL)
    found = instances(cloud, "forked")
    assert {name: found[name] for name in ("starting", "busy", "idle", "waiting", "starts")} == {
        "starting": 0,
        "busy": 0,
        "idle": 1,
        "waiting": 0,
        "starts": 1,
    }
    for _ in range(5):
        assert_well(cloud, "/forked")
    cloud.remove("forked")


def test_the_same_specification_again_changes_nothing(cloud: LocalCloud) -> None:
    spec = cloud.put("same")
    workers = descendants(cloud.zygote)
    cloud.do(cloud.cloud.put_function(spec))
    assert descendants(cloud.zygote) >= workers
    cloud.remove("same")
    cloud.do(cloud.cloud.delete_function("same"))  # no error when it is not there


def test_many_changes_of_one_function_at_once_leave_one_revision(cloud: LocalCloud) -> None:
    before = descendants(cloud.zygote)
    specs = [cloud.spec("race", WELL) for _ in range(8)]

    def change(number: int) -> None:
        cloud.do(cloud.cloud.put_function(specs[number]))
        if number % 3 == 0:
            cloud.do(cloud.cloud.delete_function("race"))

    changing = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for each in changing:
        each.start()
    for each in changing:
        each.join()
    cloud.put("race")
    assert_well(cloud, "/race")
    wait_for(lambda: len(descendants(cloud.zygote) - before) == 1)
    cloud.remove("race")


def test_calls_beyond_max_instances_are_refused_as_the_cloud_does(cloud: LocalCloud) -> None:
    cloud.put("nap", NAP, max_instances=2)
    answers = at_once(6, lambda: cloud.get("/nap"))
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) == 4
    for answer in refused:
        assert_stated(cloud, answer, FULL)
    pids = {cloud.of_request(a, "print")[0]["text"] for a in answers if a.status == 200}
    assert len(pids) == 2
    cloud.remove("nap")


def test_calls_wait_queue_ms_for_an_instance_and_are_then_refused(cloud: LocalCloud) -> None:
    cloud.put("nap", NAP, max_instances=1, queue_ms=10_000)
    assert {answer.status for answer in at_once(4, lambda: cloud.get("/nap"))} == {200}
    cloud.put("nap", NAP, max_instances=1, queue_ms=50)
    answers = at_once(3, lambda: cloud.get("/nap"))
    assert sorted(answer.status == 200 for answer in answers) == [False, False, True]
    for answer in answers:
        if answer.status != 200:
            assert_stated(cloud, answer, FULL)
            assert cloud.of_request(answer)[0]["ms"] >= 40
    cloud.remove("nap")


def test_a_killed_instance_is_replaced_when_min_instances_ask_for_it(cloud: LocalCloud) -> None:
    cloud.put("kept", NAP, min_instances=2)
    wait_for(lambda: instances(cloud, "kept")["idle"] == 2)
    answers = at_once(2, lambda: cloud.get("/kept"))
    pids = [int(cloud.of_request(answer, "print")[0]["text"]) for answer in answers]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_for_end(pids)
    wait_for(lambda: instances(cloud, "kept")["idle"] == 2)
    cloud.remove("kept")


def test_an_instance_killed_in_the_middle_of_a_call_answers_as_the_clouds_crash(
    cloud: LocalCloud,
) -> None:
    cloud.put("nap", NAP.replace("0.3", "30"))
    found: list[Answer] = []

    def at_work() -> set[int]:
        """The instances that live and have said that they are."""
        said = {line["pid"] for line in cloud.log('"nap"') if line["event"] == "print"}
        return said & descendants(cloud.zygote)

    asking = threading.Thread(target=lambda: found.append(cloud.get("/nap")))
    asking.start()
    wait_for(at_work)
    os.kill(at_work().pop(), signal.SIGKILL)
    asking.join()
    assert_stated(cloud, found[0], DIED)
    assert_well(cloud)
    cloud.remove("nap")


def test_a_killed_zygote_comes_back_and_requests_are_served_again(cloud: LocalCloud) -> None:
    cloud.put("nap", NAP.replace("0.3", "30"))
    found: list[Answer] = []
    asking = threading.Thread(target=lambda: found.append(cloud.get("/nap")))
    asking.start()
    wait_for(lambda: instances(cloud, "nap")["busy"] == 1)
    old, workers = cloud.zygote, descendants(cloud.zygote)
    assert workers
    os.kill(old, signal.SIGKILL)
    asking.join()
    assert_stated(cloud, found[0], DIED)
    wait_for_end({old, *workers})
    wait_for(lambda: cloud.zygote != old)
    wait_for(lambda: cloud.get("/health").body == b"well")
    cloud.remove("nap")


def test_a_port_in_use_is_refused_and_the_old_one_still_serves(cloud: LocalCloud) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        spec = GatewaySpec(
            port=port, emulate=cloud.emulate, body_limit=BODY_LIMIT, routes={"GET /x": "health"}
        )
        with pytest.raises(ChangeError) as raised:
            cloud.do(cloud.cloud.put_gateway(spec))
    assert str(raised.value) == (
        f"127.0.0.1:{port} cannot be listened on (Address already in use): end what uses that "
        "port, or set local.port in the stack's settings to another one"
    )
    assert_well(cloud)
    assert cloud.get("/x").status == 404


def test_a_route_to_a_function_that_does_not_run_is_refused(cloud: LocalCloud) -> None:
    spec = GatewaySpec(
        port=cloud.port,
        emulate=cloud.emulate,
        body_limit=BODY_LIMIT,
        routes={"GET /b": "b", "GET /a": "a", "GET /health": "health"},
    )
    with pytest.raises(ChangeError) as raised:
        cloud.do(cloud.cloud.put_gateway(spec))
    assert str(raised.value) == (
        "routes name functions that do not run: a, b; `make up` brings them back"
    )
    assert_well(cloud)


def test_a_deleted_functions_route_is_no_route(cloud: LocalCloud) -> None:
    cloud.put("short")
    cloud.do(cloud.cloud.delete_function("short"))
    assert_stated(cloud, cloud.get("/short"), "no route matches")
    cloud.remove("short")


def test_a_function_of_the_other_cloud_is_spoken_to_in_its_own_way(cloud: LocalCloud) -> None:
    other = {"aws": "alicloud", "alicloud": "aws"}[cloud.emulate]
    kind = "def lambda_handler(e, c): return {'statusCode': 200, 'body': type(e).__name__}"
    cloud.put("other", kind, emulate=other)
    assert cloud.get("/other").body == {"aws": b"bytes", "alicloud": b"dict"}[cloud.emulate]
    cloud.remove("other")


def test_a_deleted_gateway_serves_nothing_until_it_is_put_again(cloud: LocalCloud) -> None:
    cloud.do(cloud.cloud.delete_gateway())
    assert not listens(cloud.port)
    assert cloud.describe()["gateway"] is None
    cloud.do(cloud.cloud.delete_gateway())
    cloud.serve()
    assert_well(cloud)


def test_crashes_leave_neither_descriptors_nor_processes(cloud: LocalCloud, counts: Counts) -> None:
    crash = (
        "import os, subprocess\n"
        "def lambda_handler(e, c):\n    subprocess.Popen(['sleep', '60'])\n    os._exit(1)\n"
    )
    cloud.put("crash", crash)
    wait_for(lambda: instances(cloud, "health")["starting"] == 0)
    processes = len(descendants(cloud.zygote))
    before = descriptors()
    for _ in range(counts(small=200, full=5000)):
        assert cloud.get("/crash").status in {500, 502}
        cloud.clock.ahead_s += 1  # no provider starts thousands at once
    cloud.clock.ahead_s += 1000  # what was started ahead of more calls is let go
    wait_for(lambda: len(descendants(cloud.zygote)) <= processes)
    wait_for(lambda: descriptors() <= before + 2)
    assert_well(cloud)
    cloud.remove("crash")


def descriptors() -> int:
    gc.collect()
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_without_descriptors_no_instance_starts_and_later_ones_do(cloud: LocalCloud) -> None:
    spec = cloud.spec("starved", WELL)

    def revision() -> Revision:
        return Revision(spec, cloud.launcher, cloud.logbook, Steering.usual(), Meter())

    async def starve() -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(NotStartedError, match="Too many open files"):
                await revision().open()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        fed = revision()
        await fed.open()
        await fed.drain()

    cloud.do(starve())
    assert [line for line in cloud.log("Too many") if line["event"] == "instance not started"]
    assert_well(cloud)


def test_time_passes_for_functions_that_have_nothing_to_do(cloud: LocalCloud) -> None:
    before = cloud.describe()["up_s"]
    time.sleep(0.1)
    assert cloud.describe()["up_s"] >= before + 0.09  # rounded to a millisecond
