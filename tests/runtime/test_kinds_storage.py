"""The storage is brought up, found as it is, and ended, as the provider is told."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.local.blobs import open_bucket
from infra import bundle
from infra.errors import PlatformError
from infra.local import launch
from infra.local.kinds import KINDS
from infra.local.kinds.storage import Storage
from infra.local.places import Places
from infra.local.runtime.specs import invalid
from infra.local.values import UNKNOWN
from tests.support.pids import wait_for_end
from tests.support.wire_http import asked, free_port

pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")

ROOT = Path(__file__).resolve().parents[2]
MODULE = "app.adapters.local.files"


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A clone whose supervisor runs."""
    found = Places(tmp_path)
    launch.ensure_running(found)
    yield found
    launch.end(found)


def stated(places: Places, port: int) -> dict[str, Any]:
    at = places.root / "uploads"
    at.mkdir(exist_ok=True)
    return {
        "at": str(at),
        "durability": "normal",
        "url": f"http://127.0.0.1:{port}",
        "key": str(places.root / "storage-key"),
    }


def inputs(places: Places, **changes: Any) -> dict[str, Any]:
    port = changes.get("port", free_port())
    usual = {
        "runtime": "an-id",
        "port": port,
        "module": MODULE,
        "source": str(ROOT),
        "modules": [MODULE],
        "fingerprint": bundle.fingerprint(bundle.closure(ROOT, [MODULE])),
        "buckets": json.dumps({"uploads": stated(places, port)}),
    }
    return {**usual, **changes}


def serves(places: Places, given: dict[str, Any]) -> bool:
    bucket = open_bucket("uploads", stated(places, given["port"]))
    answer = asked(bucket.download_url("missing", 60))
    bucket.close()
    return answer.status == 404


def test_it_is_created_found_as_it_was_made_changed_and_deleted(places: Places) -> None:
    storage = Storage()
    first = inputs(places)
    assert storage.find(places, first) is None
    storage.create(places, first)
    storage.create(places, first)
    assert storage.find(places, first) == first
    assert serves(places, first)
    other = inputs(places)
    storage.change(places, other)
    assert storage.find(places, first) == other
    assert serves(places, other)
    storage.delete(places, other)
    storage.delete(places, other)
    assert storage.find(places, other) is None


def test_staged_code_that_is_gone_is_drift_and_a_dead_supervisor_too(places: Places) -> None:
    storage = Storage()
    given = inputs(places)
    storage.create(places, given)
    shutil.rmtree(places.code)
    found = storage.find(places, given)
    assert found is not None
    assert found["fingerprint"] == "its staged code is gone"
    storage.create(places, given)
    assert storage.find(places, given) == given
    pid = launch.holder(places)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for_end([pid])
    assert storage.find(places, given) is None
    storage.delete(places, given)


def test_code_that_is_not_what_was_planned_and_what_cannot_serve_are_refused(
    places: Places,
) -> None:
    storage = Storage()
    with pytest.raises(PlatformError, match="the code of the storage changed while `up` ran"):
        storage.create(places, inputs(places, fingerprint="another"))
    with pytest.raises(PlatformError, match=r"(?s)storage: nowhere does not serve: .*make logs"):
        storage.create(places, inputs(places, module="nowhere"))


def test_it_is_a_kind_with_an_address_that_is_known_when_its_port_is(tmp_path: Path) -> None:
    storage = KINDS["local:index:Storage"]
    given = inputs(Places(tmp_path), port=8080)
    assert invalid(storage.rules, given) == []
    assert storage.report(given) == {**given, "url": "http://127.0.0.1:8080"}
    assert storage.report({**given, "port": UNKNOWN})["url"] is UNKNOWN
    assert storage.identify(Places(tmp_path), given) == f"{Places(tmp_path).key}-storage"
    assert storage.replacing == {"runtime"}
