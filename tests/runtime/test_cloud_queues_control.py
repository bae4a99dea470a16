"""Queues are put, found, looked at and deleted over the control socket and by Pulumi's provider."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.provider.experimental import provider as p

from infra.local.client import RefusedByCloudError, ask
from infra.local.provider import LocalProvider
from infra.local.runtime.queue_spec import QueueSpec
from infra.local.runtime.specs import InvalidSpecError
from infra.local.values import plain_map, property_map
from tests.support.local_cloud import LocalCloud, running
from tests.support.pids import wait_for
from tests.support.queue_cloud import QueueOfCloud

URN = "urn:pulumi:local::shop::shop:local:Target$local:index:Queue::a-name"
SPEC: dict[str, Any] = {
    "name": "welcome",
    "consumer": "notify",
    "batch_size": 10,
    "visibility_s": 60,
    "max_attempts": 5,
    "max_concurrency": 2,
    "durability": "full",
    "file": "/somewhere.db",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("control"), "aws") as found:
        yield found


class Provider:
    """The provider of a cloud's clone, asked as the engine asks it."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.provider = LocalProvider(cloud.places)
        self.name = name

    def inputs(self, **changes: Any) -> dict[str, Any]:
        usual = {name: value for name, value in SPEC.items() if name != "file"}
        return {**usual, "runtime": "an-id", "name": self.name, "consumer": self.name, **changes}

    def create(self, **changes: Any) -> str:
        inputs = property_map(self.inputs(**changes))
        made = asyncio.run(self.provider.create(p.CreateRequest(URN, inputs, 0, False)))
        return str(made.resource_id)

    def update(self, **changes: Any) -> None:
        old, new = property_map(self.inputs()), property_map(self.inputs(**changes))
        asyncio.run(self.provider.update(p.UpdateRequest(URN, "an-id", old, new, 0, [], False)))

    def read(self) -> dict[str, Any] | None:
        old = property_map(self.inputs())
        found = asyncio.run(self.provider.read(p.ReadRequest(URN, "an-id", old, old)))
        return plain_map(found.inputs) if found.inputs else None

    def delete(self) -> None:
        request = p.DeleteRequest(URN, "an-id", property_map(self.inputs()), 0)
        asyncio.run(self.provider.delete(request))

    def wrong(self, **changes: Any) -> list[str]:
        inputs = property_map(self.inputs(**changes))
        answer = asyncio.run(self.provider.check(p.CheckRequest(URN, {}, inputs, b"")))
        return [each.property for each in answer.failures or []]

    def replaced_by(self, **changes: Any) -> list[str]:
        old, new = property_map(self.inputs()), property_map(self.inputs(**changes))
        answer = asyncio.run(self.provider.diff(p.DiffRequest(URN, "an-id", old, new, [])))
        assert answer.changes
        return list(answer.replaces or [])


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("name", ["a"], ["", None, 5]),
        ("consumer", ["a"], ["", None]),
        ("batch_size", [1, 10, 3.0], [0, 11, 1.5, "1", True, None]),
        ("visibility_s", [1, 43_200], [0, 43_201, None]),
        ("max_attempts", [1, 1000], [0, 1001]),
        ("max_concurrency", [1, 1000], [0, 1001]),
        ("durability", ["normal", "full"], ["", "FULL", None, "extra"]),
        ("file", ["/a"], ["", None]),
    ],
)
def test_each_property_of_a_queue_is_checked_where_it_comes_in(
    name: str, right: list[Any], wrong: list[Any]
) -> None:
    for value in right:
        assert getattr(QueueSpec.of({**SPEC, name: value}), name) == value
    for value in wrong:
        with pytest.raises(InvalidSpecError) as raised:
            QueueSpec.of({**SPEC, name: value})
        assert [each.property for each in raised.value.found] == [name]


def test_a_queue_is_put_described_looked_at_and_deleted_over_the_socket(cloud: LocalCloud) -> None:
    queue = QueueOfCloud(cloud, "told")
    queue.put_function()
    whole = {name: getattr(queue.spec(), name) for name in QueueSpec.RULES}
    for _ in range(2):
        assert ask(cloud.places, "put_queue", spec=whole) is None
        assert ask(cloud.places, "describe")["queues"]["told"] == whole
    empty: dict[str, Any] = {
        "waiting": 0,
        "in_flight": 0,
        "dead": 0,
        "oldest_ms": None,
        "messages": [],
    }
    assert ask(cloud.places, "look_queue", name="told") == {"told": empty}
    assert ask(cloud.places, "look_queue", name=None)["told"] == empty
    moved = ask(cloud.places, "redrive_queue", name="told", ids=["a"])
    assert moved == {"count": 0, "missing": ["a"]}
    assert ask(cloud.places, "purge_queue", name="told", ids=None) == {"count": 0, "missing": []}
    for _ in range(2):
        ask(cloud.places, "delete_queue", name="told")
        assert "told" not in ask(cloud.places, "describe")["queues"]
    assert queue.file.exists()


@pytest.mark.parametrize(
    ("do", "asked", "words"),
    [
        ("put_queue", {"spec": {**SPEC, "batch_size": 0}}, "batch_size: must be a whole number"),
        ("put_queue", {"spec": []}, "in a wrong way|must be"),
        ("put_queue", {}, "in a wrong way"),
        ("put_queue", {"spec": {**SPEC, "consumer": "near"}}, "cannot be used: /nowhere/q.db"),
        ("look_queue", {"name": "naer"}, "there is no queue naer: write near"),
        ("look_queue", {"name": ["near"]}, "in a wrong way"),
        ("look_queue", {}, "in a wrong way"),
        ("redrive_queue", {"name": "naer", "ids": None}, "there is no queue naer"),
        ("redrive_queue", {"name": "near"}, "in a wrong way"),
        ("redrive_queue", {"name": "near", "ids": [5]}, "ids: must be a list of texts"),
        ("redrive_queue", {"name": "near", "ids": []}, "ids: must be a list of texts"),
        ("redrive_queue", {"name": "near", "ids": "all"}, "ids: must be a list of texts"),
        ("purge_queue", {"name": None, "ids": None}, "name: must be a text"),
        ("purge_queue", {"name": "near", "ids": {"a": 1}}, "ids: must be a list of texts"),
        ("delete_queue", {}, "in a wrong way"),
        ("delete_queue", {"name": []}, "in a wrong way"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    cloud: LocalCloud, do: str, asked: dict[str, Any], words: str
) -> None:
    if "near" not in cloud.describe()["queues"]:
        QueueOfCloud(cloud, "near").open()
    if asked.get("spec"):
        asked = {"spec": {**asked["spec"], "file": "/nowhere/q.db"}}
    before = cloud.describe()["queues"]
    with pytest.raises(RefusedByCloudError, match=words):
        ask(cloud.places, do, **asked)
    assert cloud.describe()["queues"] == before


def test_the_provider_puts_finds_changes_and_deletes_a_queue(cloud: LocalCloud) -> None:
    queue = QueueOfCloud(cloud, "provided")
    queue.put_function()
    provider = Provider(cloud, "provided")
    assert provider.read() is None
    assert provider.create() == f"{cloud.places.key}-provided"
    assert provider.read() == provider.inputs()
    provider.update(batch_size=3, durability="normal")
    assert provider.read() == provider.inputs(batch_size=3, durability="normal")
    queue.send("a")
    wait_for(lambda: queue.bodies() == ["a"])
    for _ in range(2):
        provider.delete()
        assert provider.read() is None
    assert queue.file.exists()
    queue.send("kept while nothing consumes it")
    provider.create()
    wait_for(lambda: len(queue.bodies()) == 2)
    provider.delete()


def test_a_queue_whose_file_is_gone_is_drift_and_made_again(cloud: LocalCloud) -> None:
    queue = QueueOfCloud(cloud, "drift")
    queue.put_function()
    provider = Provider(cloud, "drift")
    provider.create()
    for each in list(queue.file.parent.glob("drift.db*")):
        each.unlink()
    assert provider.read() is None
    provider.create()
    assert provider.read() == provider.inputs()
    queue.send("a")
    wait_for(lambda: queue.bodies() == ["a"])
    provider.delete()


def test_a_preview_knows_what_is_wrong_and_what_replaces(cloud: LocalCloud) -> None:
    provider = Provider(cloud, "previewed")
    assert provider.wrong() == []
    assert provider.wrong(batch_size=11) == ["batch_size"]
    assert provider.wrong(file="/a") == ["file"]
    assert provider.replaced_by(max_attempts=9) == []
    assert provider.replaced_by(name="other") == ["name"]
    assert provider.replaced_by(runtime="other") == ["runtime"]


def test_a_queue_is_there_before_its_consumer_so_that_senders_find_it(cloud: LocalCloud) -> None:
    provider = Provider(cloud, "alone")
    provider.create()
    assert ask(cloud.places, "look_queue", name="alone")["alone"]["waiting"] == 0
