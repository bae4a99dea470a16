"""The control socket does what it is told by its owner, and says why it would not."""

import json
import socket
import stat
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from infra.local.client import NotRunningError, RefusedByCloudError, ask
from infra.local.places import Places
from infra.local.runtime import control
from infra.local.runtime.runtime_spec import RuntimeSpec
from tests.runtime.stated import assert_well
from tests.support.local_cloud import WELL, LocalCloud, running

RUNTIME = asdict(RuntimeSpec())


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("control"), "aws", start_s=1.0) as found:
        found.put("health")
        yield found


def said(cloud: LocalCloud, *lines: bytes) -> list[dict[str, Any]]:
    """What the socket answers to these lines."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(cloud.places.socket))
        found = []
        with link.makefile("rwb") as file:
            for line in lines:
                file.write(line + b"\n")
                file.flush()
                found.append(json.loads(file.readline()))
        return found


def test_the_socket_and_its_folder_are_their_owners_alone(cloud: LocalCloud) -> None:
    assert stat.S_IMODE(cloud.places.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(cloud.places.socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(cloud.places.state.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"null",
        b'"describe"',
        b"{}",
        b'{"do": "no such"}',
        b'{"do": ["describe"]}',
        b'{"do": null}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_operation_is_told_what_there_is(cloud: LocalCloud, line: bytes) -> None:
    wrong, right = said(cloud, line, b'{"do": "describe"}')
    names = sorted(control.operations(cloud.cloud, {}, cloud.stopped.set))
    assert {"describe", "put_function", "put_queue", "shut_down"} <= set(names)
    assert wrong == {"error": f"not an operation; there are {', '.join(names)}"}
    assert right["ok"]["release"] == "test"


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "put_function"},
        {"do": "put_function", "spec": None},
        {"do": "put_function", "spec": []},
        {"do": "put_function", "spec": "text"},
        {"do": "put_function", "spec": {}},
        {"do": "put_gateway", "spec": {"port": 80}},
        {"do": "configure", "spec": {**RUNTIME, "wait_ms": float("inf"), "price_s": float("nan")}},
        {"do": "configure", "spec": {**RUNTIME, "wait_ms": 0}},
        {"do": "delete_function"},
        {"do": "delete_function", "name": []},
    ],
)
def test_a_wrong_operation_is_refused_and_nothing_changes(
    cloud: LocalCloud, asked: dict[str, Any]
) -> None:
    (found,) = said(cloud, json.dumps(asked).encode())
    assert list(found) == ["error"]
    assert "Traceback" not in found["error"]
    assert_well(cloud)


def test_a_wrong_specification_names_each_property(cloud: LocalCloud) -> None:
    spec = {**RUNTIME, "wait_ms": "1", "log_max_mb": 0, "more": 2}
    (found,) = said(cloud, json.dumps({"do": "configure", "spec": spec}).encode())
    assert found["error"] == (
        "wait_ms: must be a whole number from 1 to 60000; "
        "log_max_mb: must be a whole number from 1 to 1024; more: is not a property"
    )


def test_a_line_without_end_ends_only_its_own_connection(cloud: LocalCloud) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(cloud.places.socket))
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            link.sendall(b"a" * (4 << 20))
    with pytest.raises(NotRunningError):
        ask(cloud.places, "describe", more="a" * (2 << 20))
    assert_well(cloud)
    assert ask(cloud.places, "describe")["release"] == "test"


def test_a_client_that_leaves_in_the_middle_harms_nobody(cloud: LocalCloud) -> None:
    for line in (b"", b'{"do": ', b'{"do": "describe"}\n'):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(cloud.places.socket))
            link.sendall(line)
    assert ask(cloud.places, "describe")["release"] == "test"


def test_a_function_and_routes_are_put_described_and_deleted(cloud: LocalCloud) -> None:
    spec = cloud.spec("told", WELL)
    whole = {name: getattr(spec, name) for name in type(spec).RULES}
    assert ask(cloud.places, "put_function", spec=whole) is None
    assert ask(cloud.places, "describe")["functions"]["told"] == whole
    routes = {**cloud.routes, "GET /told": "told"}
    gateway = {"port": cloud.port, "emulate": "aws", "body_limit": 1024, "routes": routes}
    assert ask(cloud.places, "put_gateway", spec=gateway) is None
    assert_well(cloud, "/told")
    assert ask(cloud.places, "describe")["gateway"] == gateway
    ask(cloud.places, "delete_gateway")
    ask(cloud.places, "delete_function", name="told")
    ask(cloud.places, "configure", spec={**RUNTIME, "wait_ms": 30.0, "log_max_mb": 8})
    found = ask(cloud.places, "describe")
    assert found["runtime"] == {**RUNTIME, "wait_ms": 30, "log_max_mb": 8}
    assert (found["gateway"], list(found["functions"])) == (None, ["health"])
    cloud.serve()


def test_what_the_cloud_refuses_is_said_in_its_words(cloud: LocalCloud) -> None:
    spec = cloud.spec("wrong", "x = 1")
    whole = {name: getattr(spec, name) for name in type(spec).RULES}
    with pytest.raises(RefusedByCloudError) as raised:
        ask(cloud.places, "put_function", spec=whole)
    assert str(raised.value).startswith("made.lambda_handler cannot be loaded: AttributeError")


def test_shut_down_is_passed_on(cloud: LocalCloud) -> None:
    ask(cloud.places, "shut_down")
    assert cloud.stopped.wait(20)


def test_nobody_there_is_said_in_words(tmp_path: Path) -> None:
    places = Places(tmp_path)
    with pytest.raises(NotRunningError, match="`make up` brings it back"):
        ask(places, "describe")
    places.prepare()
    for answer, words in ((b"", "ended while it was asked"), (b'{"ok"', "ended while it was")):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(places.socket))
            server.listen()
            server.settimeout(20)
            with pytest.raises(NotRunningError, match=words):
                _ask_of(server, places, answer)
        places.socket.unlink()


def test_one_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.prepare()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(places.socket))
        server.listen()
        with pytest.raises(NotRunningError, match="did not answer within 0 s"):
            ask(places, "describe", timeout_s=0.05)
    places.socket.unlink()


def _ask_of(server: socket.socket, places: Places, answer: bytes) -> None:
    def serve() -> None:
        link, _ = server.accept()
        with link:
            link.recv(1000)
            link.sendall(answer)

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        ask(places, "describe")
    finally:
        serving.join()
