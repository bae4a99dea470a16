"""Whatever a handler does, its request has the cloud's own answer and the next one is served."""

import json
import os
import sys
import threading
from typing import Any

import pytest

from tests.runtime.stated import assert_stated, assert_well
from tests.support.local_cloud import LocalCloud
from tests.support.pids import alive, wait_for_end
from tests.support.wire_http import Answer

RAISED = "the handler raised"
DIED = "the instance died while it worked"
LATE = "the handler did not finish within its time-out"
BROKEN = "the handler's result is no HTTP answer"
SECRET = "inner-secret"

HANDLER = """
import ctypes, json, os, signal, subprocess, sys, threading, time

def respond(body="well", status=200, **more):
    return {{"statusCode": status, "body": body, **more}}

class Unprintable(Exception):
    def __str__(self):
        raise ValueError("inner-secret")

def deeper(value):
    return list(map(deeper, [value]))

def lambda_handler(event, context):
    if "well" in str(event):
        return respond()
{body}
"""


def handler(body: str) -> str:
    """A module that answers well when asked to, and otherwise does this."""
    return HANDLER.format(body="\n".join(f"    {line}" for line in body.strip().splitlines()))


def bad_then_well(cloud: LocalCloud, body: str, **changes: Any) -> Answer:
    """The answer of a handler with this body; afterwards it and its neighbour serve as before."""
    cloud.put("bad", handler(body), **changes)
    try:
        answer = cloud.get("/bad")
        for text in (SECRET, "Traceback", "made.py"):
            assert text.encode() not in answer.body
            assert text not in str(answer.headers)
        assert_well(cloud, "/bad?well=1")
        assert_well(cloud)
    finally:
        cloud.remove("bad")
    return answer


RAISING = {
    "an exception": "raise ValueError('inner-secret')",
    "an exception that cannot be printed": "raise Unprintable('inner-secret')",
    "an exception with a lone surrogate": r"raise ValueError('inner-secret \udc80')",
    "an exception in every language": "raise ValueError('inner-secret 处理成功 🛒 ñ')",
    "an interrupt": "raise KeyboardInterrupt",
    "sys.exit": "sys.exit('inner-secret')",
    "endless recursion": "def again(): return again()\nagain()",
    "a memory hog": "bytearray(1 << 62)",
    "a generator's exit": "raise GeneratorExit",
    "printing after closing stdout": "sys.stdout.close()\nprint('inner-secret')",
    "a set as its result": "return {1, 2}",
    "an object as its result": "return object()",
    "a result that holds itself": "found = []\nfound.append(found)\nreturn found",
    "a result nested too deep": "found = 1\nfor _ in range(99_999): found = [found]\nreturn found",
    "a number too long to write": "return respond(10 ** 5000)",
    "a result over the limit": "return respond('a' * (7 << 20))",
}


@pytest.mark.parametrize("body", RAISING.values(), ids=RAISING.keys())
def test_a_handler_that_raises_answers_as_the_cloud_says(cloud: LocalCloud, body: str) -> None:
    answer = bad_then_well(cloud, body)
    assert_stated(cloud, answer, RAISED)
    (line,) = cloud.of_request(answer, "handler raised")
    assert line["trace"]


DYING = {
    "os._exit(0)": "os._exit(0)",
    "os._exit(7)": "os._exit(7)",
    "os.abort": "os.abort()",
    "SIGKILL of itself": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM of itself": "os.kill(os.getpid(), signal.SIGTERM)",
    "SIGKILL of its group": "os.killpg(0, signal.SIGKILL)",
    "a segmentation fault": "ctypes.string_at(0)",
    "a stack overflow": "sys.setrecursionlimit(10 ** 8)\ndeeper(1)",
    "closing its descriptors": "os.closerange(3, 64)\nreturn respond()",
    "closing its descriptors for ever": "os.closerange(3, 64)\nwhile True: time.sleep(1)",
    "nonsense on every descriptor": (
        "for each in range(3, 64):\n"
        "    try: os.write(each, b'\\x01\\x00\\x00\\x00\\xff' * 9)\n"
        "    except OSError: pass\n"
        "time.sleep(30)"
    ),
    "an empty frame": (
        "for each in range(3, 64):\n"
        "    try: os.write(each, bytes(4))\n"
        "    except OSError: pass\n"
        "time.sleep(30)"
    ),
}


@pytest.mark.parametrize("body", DYING.values(), ids=DYING.keys())
def test_a_handler_that_ends_its_instance_answers_as_the_clouds_crash(
    cloud: LocalCloud, body: str
) -> None:
    said = f"print(os.getpid(), flush=True)\n{body}"
    answer = bad_then_well(cloud, said)
    assert_stated(cloud, answer, DIED)
    line, *_ = cloud.of_request(answer, "print")  # its own last words may follow
    wait_for_end([int(line["text"])])


MALFORMED = {
    "a word as status": "return respond(status='abc')",
    "a status below all": "return respond(status=99)",
    "an informational status": "return respond(status=101)",
    "a status above all": "return respond(status=700)",
    "no status": "return respond(status=None)",
    "a flag as status": "return respond(status=True)",
    "a fraction as status": "return respond(status=200.5)",
    "a huge status": "return respond(status=10 ** 30)",
    "a line break in a header": r"return respond(headers={'x-a': 'b\r\nset-cookie: c=d'})",
    "a line break in a header's name": r"return respond(headers={'x\r\ny': 'b'})",
    "a header beyond Latin-1": "return respond(headers={'x-a': '处理成功'})",
    "a header without a name": "return respond(headers={'': 'b'})",
    "headers in a list": "return respond(headers=['a'])",
    "a list as body": "return respond(['inner-secret'])",
    "a huge number as body": "return respond(10 ** 30)",
    "a body that is no Base64": "return respond('inner-secret', isBase64Encoded=True)",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_result_that_is_no_http_answer_is_refused_as_the_cloud_does(
    cloud: LocalCloud, body: str
) -> None:
    assert_stated(cloud, bad_then_well(cloud, body), BROKEN)


JSON, PLAIN = "application/json", "text/plain; charset=utf-8"
# what it returns, then the type and the body that each cloud makes of it
RESULTS = {
    "None": ("None", (JSON, b"null"), (JSON, b"null")),
    "a number": ("5", (JSON, b"5"), (JSON, b"5")),
    "a flag": ("True", (JSON, b"true"), (JSON, b"true")),
    "a text": ("'处理成功'", (JSON, "处理成功".encode()), (PLAIN, "处理成功".encode())),
    "a list": ("[1, 'a']", (JSON, b'[1, "a"]'), (JSON, b'[\n    1,\n    "a"\n]')),
    "bytes": (r"b'\x00\xff'", (JSON, b"\x00\xff"), (PLAIN, b"\x00\xff")),
    "no number": ("float('nan')", (JSON, b"NaN"), (PLAIN, b"NaN")),
    "a huge number": ("10 ** 30", (JSON, b"1" + b"0" * 30), (JSON, b"1" + b"0" * 30)),
    "an empty object": ("{}", (JSON, b"{}"), (JSON, b"{}")),
}


@pytest.mark.parametrize(("result", "aws", "alicloud"), RESULTS.values(), ids=RESULTS.keys())
def test_a_result_without_a_status_is_the_body(
    cloud: LocalCloud, result: str, aws: tuple[str, bytes], alicloud: tuple[str, bytes]
) -> None:
    kind, body = {"aws": aws, "alicloud": alicloud}[cloud.emulate]
    answer = bad_then_well(cloud, f"return {result}")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, kind, body)


STRANGE = {
    "closes stdout": "sys.stdout.close()",
    "closes stdout's descriptor": "os.close(1)",
    "takes stdout away": "sys.stdout = sys.stderr = None",
    "replaces stdout": "sys.stdout = object()",
    "prints binary": r"os.write(1, bytes(range(256)) + b'\n')",
    "prints half a character": r"os.write(1, b'\xe5\xa4')",
    "prints a lone surrogate": r"print('\udc80')",
    "leaves its folder": "os.chdir('/')",
    "empties its environment": "os.environ.clear()",
    "leaves threads behind": (
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    ),
    "ignores every signal": (
        "for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):\n"
        "    signal.signal(each, signal.SIG_IGN)"
    ),
    "forks, and both return": "os.fork()",
    "forks, and the copy raises": "if not os.fork(): raise ValueError('inner-secret')",
    "forks, and the copy exits": "if not os.fork(): sys.exit(3)",
    "forks, and the copy hangs": "if not os.fork(): time.sleep(60)",
    "starts a program": "subprocess.Popen(['sleep', '60'])",
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
def test_a_handler_that_does_something_strange_is_answered_once(
    cloud: LocalCloud, body: str
) -> None:
    answer = bad_then_well(cloud, f"{body}\nreturn respond('done')")
    assert (answer.status, answer.body) == (200, b"done")
    (line,) = cloud.of_request(answer)
    assert (line["status"], line["function"]) == (200, "bad")
    assert "failure" not in line


LEAVING = {
    "a copy": "print(os.fork() or os.getpid(), flush=True)\nif os.getpid() != me: time.sleep(60)",
    "a program": "print(subprocess.Popen(['sleep', '60']).pid, flush=True)",
}


@pytest.mark.parametrize("end", ["return respond()", "os._exit(1)", "time.sleep(60)"])
@pytest.mark.parametrize("body", LEAVING.values(), ids=LEAVING.keys())
def test_what_a_handler_started_ends_with_its_instance(
    cloud: LocalCloud, body: str, end: str
) -> None:
    cloud.put("bad", handler(f"me = os.getpid()\n{body}\n{end}"), timeout_s=1)
    answer = cloud.get("/bad")
    found = {int(line["text"]) for line in cloud.of_request(answer, "print")}
    assert found
    if "return" in end:
        assert all(alive(pid) for pid in found)
    cloud.remove("bad")
    wait_for_end(found)


def test_a_handler_that_takes_too_long_is_killed_at_its_time_out(cloud: LocalCloud) -> None:
    slow = {
        "sleep": "time.sleep(60)",
        "loop": "while True: pass",
        "deaf": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)",
        "waits": "subprocess.run(['sleep', '60'])",
    }
    for name, body in slow.items():
        cloud.put(name, handler(f"print(os.getpid(), flush=True)\n{body}"), timeout_s=1)
    answers: dict[str, Answer] = {}
    asking = [
        threading.Thread(target=lambda name=name: answers.update({name: cloud.get(f"/{name}")}))
        for name in slow
    ]
    for each in asking:
        each.start()
    assert_well(cloud)
    for each in asking:
        each.join()
    for name in slow:
        assert_stated(cloud, answers[name], LATE)
        (line,) = cloud.of_request(answers[name], "print")
        wait_for_end([int(line["text"])])
        assert cloud.of_request(answers[name])[0]["ms"] > 900
        assert_well(cloud, f"/{name}?well=1")
        cloud.remove(name)


def test_a_long_line_is_logged_whole_in_pieces(cloud: LocalCloud) -> None:
    answer = bad_then_well(cloud, "sys.stdout.write('é' * 524_288)\nreturn respond('done')")
    assert answer.body == b"done"

    texts = [line["text"] for line in cloud.of_request(answer, "print")]
    assert "".join(texts) == "é" * 524_288
    assert len(texts) >= 64


def test_a_flood_of_lines_holds_nothing_up_and_is_logged(cloud: LocalCloud) -> None:
    answer = bad_then_well(
        cloud,
        "for number in range(50_000): print(f'{number:099}')\nreturn respond('done')",
        timeout_s=20,
    )
    assert answer.body == b"done"
    texts = [line["text"] for line in cloud.of_request(answer, "print")]
    assert texts == [f"{number:099}" for number in range(50_000)]


def test_what_is_printed_is_logged_under_its_request(cloud: LocalCloud) -> None:
    cloud.put("says", handler("print('处理成功')\nprint('err', file=sys.stderr)\nreturn respond()"))
    first, second = cloud.get("/says"), cloud.get("/says")
    assert cloud.id_of(first) != cloud.id_of(second)
    for answer in (first, second):
        lines = cloud.of_request(answer, "print")
        assert sorted(line["text"] for line in lines) == ["err", "处理成功"]
        assert {line["function"] for line in lines} == {"says"}
    cloud.remove("says")


def test_an_instance_that_cannot_start_again_answers_as_the_cloud_says(
    cloud: LocalCloud,
) -> None:
    once = (
        "import os\n"
        "os.mkdir('loaded')  # raises the second time\n"
        "def lambda_handler(event, context):\n"
        "    os._exit(1)\n"
    )
    cloud.put("once", once)
    assert_stated(cloud, cloud.get("/once"), DIED)
    for _ in range(3):
        assert_stated(cloud, cloud.get("/once"), "the instance could not load its handler")
    assert_well(cloud)
    cloud.remove("once")


@pytest.mark.parametrize(
    "code", ["lambda_handler = 5", "def lambda_handler(): return 'inner-secret'"]
)
def test_a_handler_that_cannot_be_called_answers_as_if_it_had_raised(
    cloud: LocalCloud, code: str
) -> None:
    cloud.put("odd", code)
    assert_stated(cloud, cloud.get("/odd"), RAISED)
    cloud.remove("odd")


def test_a_handler_gets_the_clouds_own_variables_and_no_others(cloud: LocalCloud) -> None:
    cloud.put(
        "env",
        handler("return respond(json.dumps(dict(os.environ)))"),
        environment={"GREETING": "你好"},
    )
    found = json.loads(cloud.get("/env").body)
    assert found["GREETING"] == "你好"
    assert not {"HOME", "PYTHONPATH", "VIRTUAL_ENV"} & found.keys()
    own = {"aws": "AWS_LAMBDA_FUNCTION_NAME", "alicloud": "FC_FUNCTION_NAME"}[cloud.emulate]
    assert found[own] == "env"
    cloud.remove("env")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such policy")
def test_an_instance_that_is_woken_interrupts_nobody(cloud: LocalCloud) -> None:
    """Least of all the gateway, which would begin anew with cold caches."""
    cloud.put("policy", handler("return respond(str(os.sched_getscheduler(0)))"))
    assert int(cloud.get("/policy").body) == os.SCHED_BATCH
    cloud.remove("policy")


def test_the_essays_own_handler_answers(cloud: LocalCloud) -> None:
    cloud.put(
        "essay",
        "def lambda_handler(event, context): return {'statusCode': 200, 'body': '处理成功'}",
    )
    answer = cloud.get("/essay")
    assert (answer.status, answer.body.decode()) == (200, "处理成功")
    cloud.remove("essay")
