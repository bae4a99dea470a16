"""What is left out of libraries is missed by nobody: adapters run in an environment without it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from infra.packages import contents
from infra.packages.cuts import CUTS
from infra.packages.libraries import Libraries
from infra.packages.pins import CONSTRAINTS, pins, requirements
from infra.packages.runtime import LAMBDA
from tests.support.loopback import KEYS, REGION
from tests.support.packages import LOCK, Machine
from tests.support.tables_alicloud import connection, create
from tests.support.tables_stores import NOTES, stated_of
from tests.support.tablestore_server import INSTANCE, Instance, serving

ROOT = Path(__file__).resolve().parents[2]
CUT_LOCK = """\
aiohttp==3.14.5 \\
    --hash=sha256:aa
    # via
    #   other
    #   tablestore
multidict==6.7 \\
    --hash=sha256:bb
    # via aiohttp
other==1 \\
    --hash=sha256:cc
tablestore==6.4.8 \\
    --hash=sha256:dd
urllib3==2.8.0 \\
    --hash=sha256:ee
    # via tablestore
"""
WALK = """
import json, sys
from app.adapters.alicloud.tables import open_table
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition
from app.adapters.common.tables import granted

stated = json.loads(sys.argv[1])
table = granted(open_table("notes", stated), "notes", stated, "tests")
key = {"owner": "ann", "note": "one"}
table.put({**key, "count": 1, "state": "new", "changed": "1", "bytes": b"x", "yes": True})
try:
    table.put(key, if_absent=True)
except ConditionFailedError:
    table.update(key, add={"count": 2}, when=[Condition("count", "=", 1)])
found = table.query("new", index="by_state").rows
assert found == (table.get(key),) == table.query("ann", descending=True).rows, found
assert found[0]["count"] == 3
table.delete(key, when=[Condition("yes", "=", True)])
assert table.get(key) is None
missing = []
for name in ("aiohttp", "crc32c", "future", "numpy", "tablestore.ots_sdk.ots_sdk"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
print(json.dumps({"missing": missing, "loaded": sorted(sys.modules)}))
"""


def names(lock: str, *wanted: str) -> list[str]:
    whole = requirements(pins(lock), wanted)
    lines = (whole.direct + whole.others).splitlines()
    return sorted(line.partition("==")[0] for line in lines if "==" in line)


def test_a_library_does_without_what_is_left_out_and_without_what_only_that_asks_for() -> None:
    assert names(CUT_LOCK, "tablestore") == ["tablestore", "urllib3"]


def test_another_library_that_asks_for_the_same_gets_it() -> None:
    everything = ["aiohttp", "multidict", "other", "tablestore", "urllib3"]
    assert names(CUT_LOCK, "other", "tablestore") == everything


@pytest.mark.parametrize("name", CUTS)
def test_what_is_left_out_is_asked_for_and_there(name: str) -> None:
    """Or the cut would be of a version that is gone."""
    locked = pins((ROOT / CONSTRAINTS).read_text())
    asked = {pin.name for pin in locked if name in pin.wanted_by}
    assert asked >= CUTS[name].without
    files = [str(file) for file in metadata.files(name) or ()]
    assert all(any(file.startswith(each) for file in files) for each in CUTS[name].folders)


def test_what_is_left_out_is_not_asked_of_uv(tmp_path: Path) -> None:
    for lock, name, cut in ((CUT_LOCK, "tablestore", True), (LOCK, "pyjwt", False)):
        machine = Machine()
        wanted = requirements(pins(lock), [name])
        Libraries(tmp_path / name, LAMBDA, None, machine.tools()).files(wanted)
        (words,) = machine.installed
        assert wanted.cut is cut
        assert ("--no-deps" in words) is cut
        assert ("-c" in words) is not cut
        assert machine.given == [wanted.direct, wanted.others]
        assert "--require-hashes" in words


def test_folders_that_are_left_out_are_not_packed() -> None:
    assert not contents.needed("tablestore/ots_sdk/ots_sdk.so")
    assert not contents.needed("tablestore/native/__init__.py")
    assert contents.needed("tablestore/plainbuffer/plain_buffer_stream.py")


@dataclass(frozen=True, slots=True)
class Bare:
    """A folder with the libraries of a package and no other, of this machine's own."""

    folder: Path

    def run(self, code: str, *arguments: str, **environment: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-S", "-W", "error", "-c", code, *arguments],
            env={"PYTHONPATH": f"{self.folder}:{ROOT}", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return ended.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    folder = tmp_path_factory.mktemp("bare")
    for name in names((ROOT / CONSTRAINTS).read_text(), "msgspec", "tablestore"):
        for file in metadata.files(name) or ():
            if contents.needed(str(file)) and ".." not in file.parts:
                target = folder / str(file)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
    yield Bare(folder)
    shutil.rmtree(folder)


def test_tables_of_tablestore_run_without_what_is_left_out(bare: Bare) -> None:
    """And nobody else finds a stand-in in the place of a library."""
    with serving(Instance()) as endpoint:
        create(connection(endpoint), "notes", NOTES)
        stated = {**stated_of(NOTES), "at": "notes"}
        said = bare.run(
            WALK,
            json.dumps(stated),
            SHOP_TABLESTORE=json.dumps({"endpoint": endpoint, "instance": INSTANCE}),
            FC_REGION=REGION,
            ALIBABA_CLOUD_ACCESS_KEY_ID=KEYS.id,
            ALIBABA_CLOUD_ACCESS_KEY_SECRET=KEYS.secret,
            ALIBABA_CLOUD_SECURITY_TOKEN=KEYS.token,
        )
    told = json.loads(said)
    assert told["missing"] == [
        "aiohttp", "crc32c", "future", "numpy", "tablestore.ots_sdk.ots_sdk",
    ]  # fmt: skip
    assert not {"aiohttp", "crc32c", "numpy"} & set(told["loaded"])


def test_nothing_of_the_sdk_is_loaded_before_a_table_is_used(bare: Bare) -> None:
    stated = json.dumps({**stated_of(NOTES), "at": "notes"})
    said = bare.run(
        "import sys, json; from app.adapters.alicloud.tables import open_table; "
        "open_table('notes', json.loads(sys.argv[1])); print(*sys.modules)",
        stated,
    )
    assert not {"tablestore", "urllib3", "google.protobuf"} & set(said.split())
