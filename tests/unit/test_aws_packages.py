"""What Lambda gets of each function: a folder of its own, or a report of all that is wrong."""

from pathlib import Path

import pytest

from infra.aws.packages import packages
from infra.cli.commands import Finished
from infra.errors import Refused
from infra.model import Function, Platform, Route
from infra.settings_aws import Aws
from tests.support.packages import ELF_ARM, Machine, project

HANDLERS = {
    "plain": "import json\ndef run(event, context): ...\n",
    "login": "import jwt\ndef run(event, context): ...\n",
}
SHOP = Platform(
    stack="dev",
    functions=tuple(Function(name=each, handler=f"app.handlers.{each}.run") for each in HANDLERS),
    routes=tuple(Route(method="GET", path=f"/{each}", function=each) for each in HANDLERS),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "shop", HANDLERS)


def test_each_function_has_a_folder_of_its_own_with_libraries_for_arm(root: Path) -> None:
    machine = Machine()
    built = packages(SHOP, Aws(), root, offline=False, tools=machine.tools())
    assert {name: each.handler for name, each in built.code.items()} == {
        "plain": "app.handlers.plain.run",
        "login": "app.handlers.login.run",
    }
    login, plain = (built.code[each].folder for each in ("login", "plain"))
    assert (login / "app/handlers/login.py").read_text() == HANDLERS["login"]
    assert (login / "jwt/_core.cpython-313-aarch64-linux-gnu.so").read_bytes() == ELF_ARM
    assert not (plain / "jwt").exists()
    assert not (plain / "app/handlers/login.py").exists()
    (installed,) = machine.installed
    assert "aarch64-manylinux_2_28" in " ".join(installed)


def test_a_preview_is_told_the_size_of_every_package(root: Path) -> None:
    built = packages(SHOP, Aws(), root, offline=False, tools=Machine().tools())
    title, *lines = built.table.splitlines()
    assert title.split()[0] == "function"
    assert [line.split()[0] for line in lines] == list(HANDLERS)


def test_offline_nothing_is_asked_of_the_network(root: Path) -> None:
    machine = Machine(offline=Finished(1, "network was disabled"))
    with pytest.raises(Refused, match="nothing was changed"):
        packages(SHOP, Aws(), root, offline=True, tools=machine.tools())
    assert machine.installed
    assert all("--offline" in words for words in machine.installed)


def test_bytecode_that_is_required_is_not_left_out(root: Path) -> None:
    with pytest.raises(Refused, match=r"no Python 3\.13 is on this machine"):
        packages(SHOP, Aws(bytecode="required"), root, offline=False, tools=Machine().tools())


def test_a_function_without_code_is_refused_before_anything_is_built(root: Path) -> None:
    (root / "app/handlers/plain.py").unlink()
    machine = Machine()
    with pytest.raises(Refused, match=r"app/handlers/plain\.py does not exist"):
        packages(SHOP, Aws(), root, offline=False, tools=machine.tools())
    assert machine.calls == []
