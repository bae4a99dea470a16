"""A stack runs the engine with its own variables, and is refused in words before that."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.cli.stack import Stack, backend, prepare, tidy
from infra.errors import PlatformError, Refused
from tests.support.pids import wait_for

ENGINE = f"""#!{sys.executable}
import os, signal, sys, time
print(*sys.argv[1:], os.getcwd(), os.environ.get("TOLD"), flush=True, file=open("said", "a"))
"""


def stack(root: Path, body: str = "", name: str = "local") -> Stack:
    """A stack whose engine is this little program."""
    folder = root / "bin"
    folder.mkdir()
    program = folder / "pulumi"
    program.write_text(ENGINE + body)
    program.chmod(0o755)
    return Stack(root, name, {"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": "yes"})


def said(root: Path) -> list[str]:
    file = root / "said"
    return file.read_text().splitlines() if file.exists() else []


def test_the_engine_runs_in_the_checkout_with_the_stacks_name_and_variables(
    tmp_path: Path,
) -> None:
    assert stack(tmp_path).pulumi("up", "--yes") == 0
    assert said(tmp_path) == [f"up --yes --stack local {tmp_path} yes"]


@pytest.mark.parametrize(("end", "code"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 137)])
def test_its_exit_code_is_passed_on(tmp_path: Path, end: str, code: int) -> None:
    assert stack(tmp_path, end).pulumi("up") == code


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 3), (signal.SIGTERM, 5)], ids=["interrupt", "terminate"]
)
def test_a_signal_is_waited_through_and_a_termination_passed_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    made = stack(
        tmp_path,
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True, file=open('said', 'a'))\n"
        "time.sleep(0.5)\nsys.exit(3)\n",
    )

    def send() -> None:
        wait_for(lambda: "ready" in said(tmp_path))
        os.kill(os.getpid(), number)

    sending = threading.Thread(target=send)
    sending.start()
    assert made.pulumi("up") == code
    sending.join()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_only_the_stack_of_this_machine_is_local(tmp_path: Path) -> None:
    assert Stack(tmp_path, "local", {}).local
    assert not Stack(tmp_path, "aws-dev", {}).local


@pytest.mark.parametrize("name", ["local", "aws-dev"])
@pytest.mark.parametrize("own", [True, False], ids=["own state", "state elsewhere"])
def test_a_killed_engines_lock_goes_from_the_checkouts_own_state_alone(
    tmp_path: Path, name: str, *, own: bool
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lock = backend(tmp_path) / ".pulumi/locks/organization/shop" / name / "one.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": ended.pid, "hostname": socket.gethostname()}))
    state = backend(tmp_path).as_uri() if own else "s3://a-bucket"
    tidy(Stack(tmp_path, name, {"PULUMI_BACKEND_URL": state}))
    assert lock.exists() is not own


def test_a_stack_without_a_file_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    for name in ("local", "aws-dev"):
        (tmp_path / f"stacks/Pulumi.{name}.yaml").touch()
    with pytest.raises(PlatformError) as raised:
        prepare("lokal", tmp_path)
    assert str(raised.value) == (
        "stack lokal: there is no stacks/Pulumi.lokal.yaml, so nothing says what to run.\n"
        "→ STACK=aws-dev, or STACK=local, or write that file"
        " (git checkout stacks/ brings back one that was deleted)"
    )


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        (b"config:\n  a: [1\n", "line 3, column 1", "this is no YAML: expected ',' or ']'"),
        (b"config:\n\ta: 1\n", "line 2, column 1", "this is no YAML: found character '\\t'"),
        (b"\xff\xfe\xfa", "the whole file", "this is no YAML"),
        (b"- a\n- b\n", "the whole file", "these are no keys and values"),
        (b"text\n", "the whole file", "these are no keys and values"),
    ],
)
def test_a_stack_file_that_is_no_yaml_is_refused_at_its_place(
    tmp_path: Path, content: bytes, where: str, why: str
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.local.yaml").write_bytes(content)
    with pytest.raises(Refused) as raised:
        prepare("local", tmp_path)
    (problem,) = raised.value.problems
    assert raised.value.source == "stacks/Pulumi.local.yaml"
    assert problem.path == where
    assert problem.consequence.startswith(why)


def test_a_key_of_a_stack_that_stands_twice_is_refused_and_not_the_last_one_taken(
    tmp_path: Path,
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.local.yaml").write_text(
        "config:\n  shop:settings:\n    traffic: {peak: 1}\n    target: local\n"
        "    traffic: {peak: 2}\n"
    )
    with pytest.raises(Refused) as raised:
        prepare("local", tmp_path)
    assert str(raised.value) == (
        "stacks/Pulumi.local.yaml: 1 problem, nothing was changed\n"
        "  line 5: traffic\n"
        "    this key stands in line 3 already, and only one of them would count\n"
        "    → leave one of the two"
    )


@pytest.mark.parametrize("value", [b"2023-13-45", b"0b_", b"!!int foo", b"1" * 5000, b"[" * 5000])
def test_a_value_that_no_yaml_reader_can_make_is_refused_in_words(
    tmp_path: Path, value: bytes
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.local.yaml").write_bytes(b"config:\n  a: " + value + b"\n")
    with pytest.raises(Refused, match="this is no YAML"):
        prepare("local", tmp_path)
