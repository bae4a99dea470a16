"""A package is a function's own files and its libraries, put in place once, and never too large."""

import dataclasses
import os
import time
from pathlib import Path

import pytest

from infra.bundle import Bundle, bundle
from infra.cli.commands import Finished
from infra.errors import Refused
from infra.model import Function
from infra.packages.build import Package, build, packages_folder
from infra.packages.runtime import LAMBDA
from infra.packages.sizes import Size, sizes, table, zipped_bytes
from tests.support.packages import Machine, project

HANDLERS = {
    "plain": "import json\ndef run(event, context): ...\n",
    "login": "import jwt\ndef run(event, context): ...\n",
}


def bundles(root: Path, *names: str) -> dict[str, Bundle]:
    return {
        name: bundle(root, Function(name=name, handler=f"app.handlers.{name}.run"), "aws")
        for name in names
    }


def built(root: Path, machine: Machine) -> dict[str, Package]:
    return build(root, bundles(root, "plain", "login"), LAMBDA, machine.tools())


def files(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "shop", HANDLERS)


def test_a_package_holds_the_functions_files_and_its_own_libraries_only(root: Path) -> None:
    found = built(root, Machine())

    own = {"app/__init__.py", "app/handlers/__init__.py"}
    assert files(found["plain"].folder) == own | {"app/handlers/plain.py"}
    assert files(found["login"].folder) == own | {
        "app/handlers/login.py",
        "jwt/__init__.py",
        "jwt/_core.cpython-313-aarch64-linux-gnu.so",
        "pyjwt-2.dist-info/METADATA",
    }
    assert (found["plain"].libraries, found["login"].libraries) == ((), ("pyjwt",))
    assert found["login"].handler == "app.handlers.login.run"
    assert found["login"].folder == packages_folder(root) / found["login"].fingerprint


def test_a_second_build_runs_nothing_and_gives_the_same(root: Path) -> None:
    first, again = built(root, Machine()), Machine()

    assert built(root, again) == first
    assert again.calls == []


def test_a_package_that_was_changed_is_put_right(root: Path) -> None:
    """Python run in it leaves compiled files there, which would be deployed as another package."""
    login = built(root, Machine())["login"]
    stray = login.folder / "jwt" / "__pycache__" / "x.pyc"
    stray.parent.mkdir()
    stray.write_bytes(b"x")
    (login.folder / "jwt" / "__init__.py").unlink()
    own = next(login.folder.glob("app/**/*.py"))
    before = own.read_bytes()
    own.write_bytes(before[:-1] + b"#")  # as long as it was
    built(root, Machine())

    assert not stray.exists()
    assert (login.folder / "jwt" / "__init__.py").is_file()
    assert own.read_bytes() == before


def test_the_modes_do_not_follow_the_umask(root: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = built(root, Machine())["login"].folder
    finally:
        os.umask(before)

    modes = {(each.is_dir(), each.stat().st_mode & 0o777) for each in (folder, *folder.rglob("*"))}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_every_problem_is_told_at_once_and_each_but_once(root: Path) -> None:
    (root / "app/handlers/plain.py").write_text("import requests\ndef run(event, context): ...\n")
    failed = Finished(1, "error: dns error")
    with pytest.raises(Refused) as refused:
        built(root, Machine(offline=failed, online=failed))

    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["app/handlers/plain.py:1", "packages"]


def test_required_bytecode_is_never_left_out_where_its_interpreter_is_missing(root: Path) -> None:
    older = dataclasses.replace(LAMBDA, python="3.98")
    with pytest.raises(Refused, match=r"no Python 3\.98 is on this machine"):
        build(root, bundles(root, "login"), older, Machine().tools(), bytecode="required")

    assert not packages_folder(root).exists()


def test_a_library_with_a_file_of_ours_is_refused(root: Path) -> None:
    with pytest.raises(Refused, match="such a file too"):
        built(root, Machine(installs={"app/__init__.py": b""}))


def test_a_package_over_the_runtimes_limit_is_refused(root: Path) -> None:
    small = dataclasses.replace(LAMBDA, limit_mb=0)
    with pytest.raises(Refused) as refused:
        build(root, bundles(root, "login"), small, Machine().tools())

    (problem,) = refused.value.problems
    assert problem.path == "functions.login"
    assert "pyjwt" in problem.value
    assert "takes 0 MB" in problem.consequence


def test_packages_go_after_a_day_without_use_and_libraries_after_a_month(root: Path) -> None:
    built(root, Machine())
    folder, day = packages_folder(root), 86_400
    for name, age in (
        ("old", 2), ("young", 0.5), ("libraries/old", 31), ("libraries/young", 29),
    ):  # fmt: skip
        (folder / name).mkdir()
        then = time.time() - age * day
        os.utime(folder / name, (then, then))
    used = built(root, Machine())["login"].folder
    os.utime(used, (0, 0))
    found = built(root, Machine())

    left = {each.name for each in folder.iterdir()}
    assert left == {"young", "libraries", *(each.fingerprint for each in found.values())}
    assert len(list((folder / "libraries").iterdir())) == 2
    assert (folder / "libraries" / "young").is_dir()
    assert used.stat().st_mtime > time.time() - day


def test_the_sizes_are_those_of_the_files(root: Path) -> None:
    found = built(root, Machine())
    login = next(each for each in sizes(found.values()) if each.function == "login")
    held = {each: (found["login"].folder / each).stat().st_size for each in files(
        found["login"].folder
    )}  # fmt: skip

    assert login.app == sum(size for path, size in held.items() if path.startswith("app/"))
    assert login.total == sum(held.values())
    assert login.zipped is None


def test_the_zipped_size_is_measured_where_it_is_asked_for(root: Path) -> None:
    found = built(root, Machine())
    (measured,) = sizes([found["login"]], zipped=True)

    assert measured.zipped == zipped_bytes(found["login"].folder)
    assert measured.zipped > 0


def test_the_table_has_a_line_for_each_function() -> None:
    rows = [Size("health", 31_800, 0), Size("auth", 135_100, 2_000_500)]

    assert table(rows).splitlines() == [
        "function  app KB  libraries KB  total KB",
        "health      31.8           0.0      31.8",
        "auth       135.1        2000.5    2135.6",
    ]
    assert table([dataclasses.replace(rows[0], zipped=15_300)]).splitlines()[1].endswith(" 15.3")
