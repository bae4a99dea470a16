"""The provider does what Pulumi decided, looks without touching, and can be asked twice."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as p
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import PropertyDiffKind

from infra import bundle
from infra.errors import PlatformError
from infra.local import launch
from infra.local.places import Places
from infra.local.provider import LocalProvider
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.values import UNKNOWN, plain_map, property_map
from tests.support.pids import wait_for_end
from tests.support.wire_http import free_port, request

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

RUNTIME, FUNCTION, GATEWAY = "local:index:Runtime", "local:index:Function", "local:index:Gateway"
HELLO = "def lambda_handler(event, context):\n    return {'statusCode': 200, 'body': 'one'}\n"


class Resources:
    """One clone's provider, asked as the engine asks it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.places = Places(root)
        self.provider = LocalProvider(self.places)
        self.port = free_port()
        handler = root / "app" / "handlers" / "hello.py"
        handler.parent.mkdir(parents=True)
        handler.write_text(HELLO)
        self.handler = handler

    def inputs(self, kind: str, **changes: Any) -> dict[str, Any]:
        modules = ["app.handlers.hello"]
        usual: dict[str, dict[str, Any]] = {
            RUNTIME: {"release": launch.release(), **asdict(RuntimeSpec())},
            FUNCTION: {
                "runtime": "an-id",
                "name": "hello",
                "emulate": "aws",
                "handler": "app.handlers.hello.lambda_handler",
                "source": str(self.root),
                "modules": modules,
                "fingerprint": bundle.fingerprint(bundle.closure(self.root, modules)),
                "memory_mb": 128,
                "timeout_s": 5,
                "min_instances": 0,
                "max_instances": 2,
                "queue_ms": 0,
                "environment": {"A": "b"},
            },
            GATEWAY: {
                "runtime": "an-id",
                "port": self.port,
                "emulate": "aws",
                "body_limit": 1024,
                "routes": {"GET /hello": "hello"},
            },
        }
        return {**usual[kind], **changes}

    def urn(self, kind: str) -> str:
        return f"urn:pulumi:local::shop::shop:local:Target${kind}::a-name"

    def check(self, kind: str, inputs: dict[str, Any]) -> list[tuple[str, str]]:
        request = p.CheckRequest(self.urn(kind), {}, property_map(inputs), b"")
        answer = asyncio.run(self.provider.check(request))
        assert plain_map(answer.inputs or {}) == inputs
        return [(each.property, each.reason) for each in answer.failures or []]

    def diff(self, kind: str, old: dict[str, Any], new: dict[str, Any]) -> p.DiffResponse:
        request = p.DiffRequest(self.urn(kind), "an-id", property_map(old), property_map(new), [])
        return asyncio.run(self.provider.diff(request))

    def create(self, kind: str, *, preview: bool = False, **changes: Any) -> p.CreateResponse:
        inputs = property_map(self.inputs(kind, **changes))
        return asyncio.run(
            self.provider.create(p.CreateRequest(self.urn(kind), inputs, 0, preview))
        )

    def update(self, kind: str, *, preview: bool = False, **changes: Any) -> dict[str, Any]:
        old, new = property_map(self.inputs(kind)), property_map(self.inputs(kind, **changes))
        request = p.UpdateRequest(self.urn(kind), "an-id", old, new, 0, [], preview)
        return plain_map(asyncio.run(self.provider.update(request)).properties or {})

    def read(self, kind: str, **changes: Any) -> p.ReadResponse:
        old = property_map(self.inputs(kind, **changes))
        return asyncio.run(self.provider.read(p.ReadRequest(self.urn(kind), "an-id", old, old)))

    def delete(self, kind: str, **changes: Any) -> None:
        old = property_map(self.inputs(kind, **changes))
        asyncio.run(self.provider.delete(p.DeleteRequest(self.urn(kind), "an-id", old, 0)))

    def body(self) -> bytes:
        return request(self.port, "/hello").body


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Resources]:
    found = Resources(tmp_path)
    yield found
    launch.end(found.places)


@pytest.fixture
def up(here: Resources) -> Resources:
    """All three resources, created."""
    for kind in (RUNTIME, FUNCTION, GATEWAY):
        here.create(kind)
    return here


@pytest.mark.parametrize("kind", [RUNTIME, FUNCTION, GATEWAY])
def test_right_inputs_pass_as_they_are(here: Resources, kind: str) -> None:
    assert here.check(kind, here.inputs(kind)) == []


@pytest.mark.parametrize(
    ("kind", "name", "value", "reason"),
    [
        (RUNTIME, "release", "", "must be a text that is not empty"),
        (RUNTIME, "wait_ms", 0, "must be a whole number from 1 to 60000"),
        (RUNTIME, "wait_ms", 1.5, "must be a whole number from 1 to 60000"),
        (RUNTIME, "mode", "kpa", "must be one of slo, utilisation"),
        (FUNCTION, "memory_mb", "128", "must be a whole number from 1 to 32768"),
        (FUNCTION, "emulate", "azure", "must be one of aws, alicloud"),
        (FUNCTION, "modules", [], "must be a list of texts with at least one in it"),
        (FUNCTION, "environment", {"A": 1}, "must be a mapping of texts to texts"),
        (FUNCTION, "code", "/somewhere", "is not a property"),
        (GATEWAY, "port", 80, "must be a whole number from 1024 to 65535"),
        (GATEWAY, "routes", "GET /", "must be a mapping of texts to texts"),
        (GATEWAY, "url", "http://x", "is not a property"),
    ],
)
def test_a_wrong_input_fails_on_its_own_property(
    here: Resources, kind: str, name: str, value: object, reason: str
) -> None:
    assert here.check(kind, here.inputs(kind, **{name: value})) == [(name, reason)]


@pytest.mark.parametrize("kind", [RUNTIME, FUNCTION, GATEWAY])
def test_an_input_that_is_not_known_yet_passes_and_a_missing_one_fails(
    here: Resources, kind: str
) -> None:
    for name in here.inputs(kind):
        assert here.check(kind, here.inputs(kind, **{name: UNKNOWN})) == []
        missing = {key: each for key, each in here.inputs(kind).items() if key != name}
        assert [failed for failed, _ in here.check(kind, missing)] == [name]
    assert here.check(FUNCTION, here.inputs(FUNCTION, environment={"A": UNKNOWN})) == []


def test_a_kind_that_there_is_not_is_refused(here: Resources) -> None:
    with pytest.raises(PlatformError, match="local:index:Moon is no resource of the local cloud"):
        here.check("local:index:Moon", {})


def test_equal_inputs_do_not_differ_whatever_else_the_state_holds(here: Resources) -> None:
    for kind in (RUNTIME, FUNCTION, GATEWAY):
        old = here.inputs(kind)
        answer = here.diff(kind, {**old, "url": "http://x", "__more": 1}, old)
        assert (answer.changes, answer.replaces, answer.detailed_diff) == (False, [], {})


def test_a_difference_is_told_by_its_path(here: Resources) -> None:
    old = here.inputs(GATEWAY, routes={"GET /x": "a", "GET /y": "b"})
    new = here.inputs(GATEWAY, routes={"GET /x": "c", "GET /z": "b"}, body_limit=2048)
    answer = here.diff(GATEWAY, old, new)
    assert answer.changes
    assert (answer.diffs, answer.replaces) == (["body_limit", "routes"], [])
    assert {path: each.kind for path, each in (answer.detailed_diff or {}).items()} == {
        "body_limit": PropertyDiffKind.UPDATE,
        'routes["GET /x"]': PropertyDiffKind.UPDATE,
        'routes["GET /y"]': PropertyDiffKind.DELETE,
        'routes["GET /z"]': PropertyDiffKind.ADD,
    }
    assert not answer.delete_before_replace


@pytest.mark.parametrize(
    ("kind", "name"),
    [(RUNTIME, "release"), (FUNCTION, "runtime"), (FUNCTION, "name"), (GATEWAY, "runtime")],
)
@pytest.mark.parametrize("value", ["another", UNKNOWN])
def test_what_cannot_be_changed_in_place_is_replaced(
    here: Resources, kind: str, name: str, value: object
) -> None:
    answer = here.diff(kind, here.inputs(kind), here.inputs(kind, **{name: value}))
    assert (answer.replaces, answer.delete_before_replace) == ([name], True)


@pytest.mark.parametrize("kind", [RUNTIME, FUNCTION, GATEWAY])
def test_a_preview_touches_nothing(here: Resources, kind: str) -> None:
    answer = here.create(kind, preview=True)
    assert answer.resource_id == ""
    here.update(kind, preview=True)
    assert here.read(kind).resource_id in ("", None)
    assert here.read(kind).properties in ({}, None)
    here.delete(FUNCTION)
    here.delete(GATEWAY)
    assert sorted(each.name for each in here.root.iterdir()) == ["app"]
    assert launch.holder(here.places) is None


def test_a_preview_says_what_is_known(here: Resources) -> None:
    known = plain_map(here.create(GATEWAY, preview=True).properties or {})
    assert known["url"] == f"http://127.0.0.1:{here.port}"
    unknown = plain_map(here.create(GATEWAY, preview=True, port=UNKNOWN).properties or {})
    assert unknown["url"] is UNKNOWN


def test_created_resources_serve_and_are_read_as_they_were_made(up: Resources) -> None:
    assert up.body() == b"one"
    for kind in (RUNTIME, FUNCTION, GATEWAY):
        answer = up.read(kind)
        assert answer.resource_id == "an-id"
        assert plain_map(answer.inputs or {}) == up.inputs(kind)
        assert up.diff(kind, plain_map(answer.properties or {}), up.inputs(kind)).changes is False


def test_creating_again_changes_nothing(up: Resources) -> None:
    pid = launch.holder(up.places)
    ids = [up.create(kind).resource_id for kind in (RUNTIME, FUNCTION, GATEWAY)]
    key = up.places.key
    assert ids == [f"{key}-{launch.release()}", f"{key}-hello", f"{key}-gateway"]
    assert (launch.holder(up.places), up.body()) == (pid, b"one")


def test_an_update_takes_the_place_of_the_old(up: Resources) -> None:
    up.handler.write_text(HELLO.replace("one", "two"))
    assert up.update(FUNCTION)["memory_mb"] == 128
    assert up.body() == b"two"
    up.update(FUNCTION, memory_mb=512, timeout_s=9)
    assert plain_map(up.read(FUNCTION).inputs or {})["memory_mb"] == 512
    up.update(RUNTIME, wait_ms=5)
    assert plain_map(up.read(RUNTIME).inputs or {})["wait_ms"] == 5
    new = free_port()
    assert up.update(GATEWAY, port=new)["url"] == f"http://127.0.0.1:{new}"
    assert request(new, "/hello").body == b"two"


def test_code_that_is_not_what_was_planned_is_refused(up: Resources) -> None:
    planned = up.inputs(FUNCTION)["fingerprint"]
    up.handler.write_text(HELLO.replace("one", "two"))
    with pytest.raises(PlatformError, match="the code of function hello changed while `up` ran"):
        up.update(FUNCTION, fingerprint=planned)
    with pytest.raises(PlatformError, match="the local cloud's code changed while `up` ran"):
        up.create(RUNTIME, release="another")
    assert up.body() == b"one"


def test_a_handler_that_cannot_be_loaded_is_refused_and_the_old_one_serves(up: Resources) -> None:
    up.handler.write_text("raise ValueError('why')")
    with pytest.raises(PlatformError) as raised:
        up.update(FUNCTION)
    assert str(raised.value).splitlines()[0] == (
        "function hello: app.handlers.hello.lambda_handler cannot be loaded: ValueError: why"
    )
    assert up.body() == b"one"


def test_staged_code_that_is_gone_is_drift_and_comes_back(up: Resources) -> None:
    """Instances that start later would find nothing to load."""
    planned = up.inputs(FUNCTION)["fingerprint"]
    shutil.rmtree(up.places.code)
    assert plain_map(up.read(FUNCTION).inputs or {})["fingerprint"] != planned
    up.update(FUNCTION)
    assert plain_map(up.read(FUNCTION).inputs or {})["fingerprint"] == planned


def test_deleting_ends_what_there_is_and_may_be_repeated(up: Resources) -> None:
    for _ in range(2):
        up.delete(GATEWAY)
    assert up.read(GATEWAY).properties in ({}, None)
    for _ in range(2):
        up.delete(FUNCTION)
    assert up.read(FUNCTION).properties in ({}, None)
    up.delete(RUNTIME, release="another")
    assert launch.holder(up.places) is not None
    for _ in range(2):
        up.delete(RUNTIME)
    assert launch.holder(up.places) is None
    assert not up.places.code.exists()
    assert up.places.log.exists()


def test_a_dead_supervisor_is_read_as_nothing_and_stays_dead(up: Resources) -> None:
    pid = launch.holder(up.places)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for_end([pid])
    before = sorted(up.root.rglob("*"))
    for kind in (RUNTIME, FUNCTION, GATEWAY):
        answer = up.read(kind)
        assert answer.resource_id in ("", None)
        assert answer.properties in ({}, None)
    assert sorted(up.root.rglob("*")) == before
    assert launch.holder(up.places) is None
    with pytest.raises(PlatformError, match="the local cloud is not running"):
        up.create(FUNCTION)
    up.create(RUNTIME)
    up.create(FUNCTION)
    up.create(GATEWAY)
    assert up.body() == b"one"


def test_a_supervisor_of_another_release_is_read_as_nothing(up: Resources) -> None:
    assert up.read(RUNTIME, release="another").properties in ({}, None)


def test_the_state_holds_plain_texts_and_numbers_only(up: Resources) -> None:
    for kind in (RUNTIME, FUNCTION, GATEWAY):
        found = up.create(kind).properties or {}
        assert all(type(each) is PropertyValue and not each.is_secret for each in found.values())
        written = json.dumps(plain_map(found))
        assert "lambda_handler(" not in written
        assert "pickle" not in written
