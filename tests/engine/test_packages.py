"""The real uv builds the shop's packages: for a cloud and for this machine, twice the same bytes.

The package index, or uv's cache of it, has to be reachable, as for `make setup`: without it these
fail.
"""

import dataclasses
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.cli.commands import Command, Finished, Progress, run
from infra.cli.packages import code, fetch
from infra.errors import Refused
from infra.packages.build import Package, build
from infra.packages.bytecode import Bytecode
from infra.packages.runtime import LAMBDA, Runtime, host
from infra.packages.sizes import sizes
from infra.packages.tools import Tools
from tests.support.packages import Machine

ROOT = Path(__file__).parents[2]
HOST = host(LAMBDA)
ZIPPED_AT_MOST = 2_000_000
_IMPORT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from importlib import import_module
module, _, name = sys.argv[2].rpartition(".")
getattr(import_module(module), name)
found = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(found - set(sys.stdlib_module_names))))
"""


def real(**env: str) -> Tools:
    """This machine's tools."""
    python = ROOT / ".venv" / "bin" / "python"
    quiet = Progress("test", str)
    return Tools({**os.environ, **env}, python.with_name("uv"), python, run, quiet)


def checkout(folder: Path) -> Path:
    """A copy of all that packages are made from, and of nothing else."""
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "app", folder / "app", ignore=leave)
    (folder / "tools").mkdir()
    for name in ("pyproject.toml", "tools/constraints.txt"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def built(
    root: Path, runtime: Runtime, bytecode: Bytecode, tools: Tools | None = None
) -> dict[str, Package]:
    return build(root, code(root, "aws"), runtime, tools or real(), bytecode=bytecode)


def held(package: Package) -> dict[str, tuple[int, bytes]]:
    """Each path of a package with its mode and its content."""
    return {
        each.relative_to(package.folder).as_posix(): (
            each.stat().st_mode,
            each.read_bytes() if each.is_file() else b"",
        )
        for each in package.folder.rglob("*")
    }


def same(first: Mapping[str, Package], second: Mapping[str, Package]) -> None:
    assert first.keys() == second.keys()
    for name, package in first.items():
        ours, theirs = held(package), held(second[name])
        assert ours.keys() == theirs.keys()
        assert [path for path, each in ours.items() if each != theirs[path]] == []
        assert package.fingerprint == second[name].fingerprint
        assert package.folder != second[name].folder


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """The shop's packages for the cloud."""
    return built(checkout(tmp_path_factory.mktemp("cloud") / "shop"), LAMBDA, "none")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    """The shop's packages for this machine, compiled."""
    return built(checkout(tmp_path_factory.mktemp("here") / "shop"), HOST, "required")


def elsewhere(tmp_path: Path) -> Path:
    """Another checkout, with a blank in its path and files of another time."""
    root = checkout(tmp_path / "another place")
    for file in root.rglob("*.py"):
        os.utime(file, (1, 1))
    return root


def with_umask(root: Path, runtime: Runtime, bytecode: Bytecode) -> dict[str, Package]:
    before = os.umask(0o077)
    try:
        return built(root, runtime, bytecode)
    finally:
        os.umask(before)


def test_packages_for_a_cloud_have_the_same_bytes_wherever_they_are_built(
    tmp_path: Path, cloud: dict[str, Package]
) -> None:
    """In another folder, at another time, with another umask."""
    root = elsewhere(tmp_path)
    second = with_umask(root, LAMBDA, "none")

    same(cloud, second)
    assert not [path for path in held(second["auth"]) if path.endswith(".pyc")]
    # every library is kept, so that this one, which can run nothing, is not asked
    assert built(root, LAMBDA, "none", Machine().tools()) == second


def test_compiled_packages_have_the_same_bytes_wherever_they_are_built(
    tmp_path: Path, here: dict[str, Package]
) -> None:
    """Compiled code holds paths and depends on the order of sets, unless that is seen to."""
    root = elsewhere(tmp_path)
    second = with_umask(root, HOST, "required")

    same(here, second)
    for package in second.values():
        found = held(package)
        sources = {path for path in found if path.endswith(".py")}
        compiled = {path for path in found if path.endswith(".pyc")}
        assert {importlib.util.source_from_cache(path) for path in compiled} == sources
        # PEP 552: never held against the source's time or hash
        assert {found[path][1][4:8] for path in compiled} == {b"\x01\0\0\0"}
        assert os.fsencode(tmp_path) not in b"".join(content for _, content in found.values())
    kept = dataclasses.replace(real(), runner=_versions_only)
    assert built(root, HOST, "required", kept) == second


def _versions_only(
    command: Command, *, env: Mapping[str, str], limit_s: float = 60, **_: Any
) -> Finished:
    """Runs what asks an interpreter for its version, and nothing else."""
    assert "platform.python_version" in str(command[-1]), command
    return run(command, env=env, limit_s=limit_s)


def test_a_package_for_the_cloud_is_small_and_holds_its_libraries_alone(
    cloud: dict[str, Package],
) -> None:
    found = cloud
    assert found["health"].libraries == ()
    assert found["auth"].libraries == ("argon2-cffi", "msgspec", "pyjwt")
    paths = held(found["auth"])
    compiled = {path: content for path, (_, content) in paths.items() if path.endswith(".so")}
    assert {path.partition("/")[0].partition(".")[0] for path in compiled} == {
        "_argon2_cffi_bindings", "_cffi_backend", "msgspec",
    }  # fmt: skip
    assert {content[18] for content in compiled.values()} == {183}  # ELF's number of aarch64
    tops = {path.partition("/")[0] for path in paths}
    assert {"boto3", "botocore", "bin", "uvicorn", "pydantic"}.isdisjoint(tops)
    zipped = {each.function: each.zipped or 0 for each in sizes(found.values(), zipped=True)}
    assert all(0 < each <= ZIPPED_AT_MOST for each in zipped.values()), zipped


def test_a_package_for_this_machine_starts_with_nothing_beside_it(
    here: dict[str, Package],
) -> None:
    """The standard library and the package are all that this Python sees."""
    loaded = {}
    for name, package in here.items():
        started = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", _IMPORT, package.folder, package.handler],
            env={"SHOP_STACK": "aws-dev", "SHOP_HANDLER": name, "SHOP_ADAPTERS": "aws"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert started.returncode == 0, started.stderr
        loaded[name] = set(json.loads(started.stdout))

    assert loaded["health"] == {"__main__", "app"}
    assert {"app", "msgspec"} <= loaded["auth"]
    assert "boto3" not in set().union(*loaded.values())


def test_the_command_that_fetches_says_how_large_each_package_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout(tmp_path / "shop")
    assert fetch(["aws"], real(), "none", root=root) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "AWS Lambda, Python 3.13 on arm64:"
    assert [line.split()[0] for line in lines[2:]] == list(code(root, "aws"))
    assert fetch(["aws"], Machine().tools(), "none", offline=True, root=root) == 0


def test_a_wheel_that_nobody_made_stops_the_build(tmp_path: Path) -> None:
    """In the words of the real installer, which a later version may change."""
    rare = dataclasses.replace(LAMBDA, machine="riscv64", platform="riscv64-unknown-linux")
    with pytest.raises(Refused) as refused:
        built(checkout(tmp_path / "shop"), rare, "none")

    assert "there is no wheel for" in str(refused.value)


def test_without_network_and_cache_the_message_says_how_to_fetch(tmp_path: Path) -> None:
    root = checkout(tmp_path / "shop")
    tools = real(UV_CACHE_DIR=str(tmp_path / "cache"))
    with pytest.raises(Refused) as refused:
        build(root, code(root, "aws"), LAMBDA, tools, offline=True)

    assert "are not on this machine, and the network was not asked" in str(refused.value)
    assert "fetch them once by: make setup" in str(refused.value)
