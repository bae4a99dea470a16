"""Which pinned distributions a function's files need: none too few, none that nobody pinned."""

import dataclasses
from pathlib import Path

import pytest

from infra.closure import SourceFile
from infra.packages.imports import Foreign, declared, distributions, foreign, provided
from infra.packages.pins import pins, requirements
from infra.packages.runtime import LAMBDA, PackageError

ROOT = Path(__file__).parents[2]
OWNERS = {"pyjwt": frozenset({"jwt"}), "argon2-cffi": frozenset({"argon2"}), "empty": frozenset()}
LOCK = """\
argon2-cffi==25.1.0 \\
    --hash=sha256:aa
    # via shop (pyproject.toml)
bindings==26.2.0 ; sys_platform != 'win32' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via argon2-cffi
cffi==2.0 \\
    --hash=sha256:dd
    # via
    #   bindings
    #   other[extra]
py_jwt==2.15.1 \\
    --hash=sha256:ee
    # via shop (pyproject.toml)
"""


def read(text: str, path: str = "app/handlers/a.py") -> list[tuple[str, int, bool]]:
    found = foreign([SourceFile(path, text.encode())])
    return [(each.module, each.line, each.optional) for each in found]


def needed(*modules: str, optional: bool = False) -> tuple[str, ...]:
    imports = [Foreign(module, "app/a.py", 7, optional) for module in modules]
    return distributions(imports, LAMBDA, OWNERS, OWNERS.__getitem__)


def test_each_foreign_import_is_known_by_its_topmost_module_and_line() -> None:
    text = "import jwt.algorithms\nfrom argon2 import low_level\ndef late():\n    import os.path\n"

    assert read(text) == [("argon2", 2, False), ("jwt", 1, False), ("os", 4, False)]


def test_imports_of_the_project_and_those_for_types_alone_do_not_count() -> None:
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n"

    assert read(f"import app.x\nfrom app import y\nfrom . import z\n{guarded}") == [
        ("typing", 4, False)
    ]


def test_an_import_in_a_try_block_is_optional() -> None:
    assert read("try:\n    import orjson\nexcept ImportError:\n    orjson = None\n") == [
        ("orjson", 2, True)
    ]


def test_files_that_are_no_python_import_nothing() -> None:
    assert read("import jwt\n", "app/handlers/docs.html") == []


def test_modules_are_found_in_the_distributions_that_bring_them() -> None:
    assert needed("jwt", "argon2", "json", "boto3", "botocore") == ("argon2-cffi", "pyjwt")


def test_an_optional_import_is_packed_where_it_is_pinned_and_else_left_out() -> None:
    assert needed("jwt", "orjson", optional=True) == ("pyjwt",)


@pytest.mark.parametrize("module", ["requests", "cgi", "distutils"])
def test_an_import_that_the_runtime_would_miss_is_refused_with_its_line(module: str) -> None:
    """Modules that went from the standard library before the runtime's version are missing too."""
    with pytest.raises(PackageError) as refused:
        needed(module)

    problem = refused.value.problem
    assert problem.path == "app/a.py:7"
    assert problem.value == f"imports {module}"
    assert "Python 3.13" in problem.consequence
    assert "pyproject.toml" in problem.remedy


def test_a_module_that_went_in_3_13_is_still_there_in_3_12() -> None:
    older = dataclasses.replace(LAMBDA, python="3.12")
    imports = [Foreign("cgi", "app/a.py", 1, optional=False)]

    assert distributions(imports, older, (), provided) == ()


def test_the_projects_own_pins_bring_the_modules_that_app_imports() -> None:
    names = declared(ROOT / "pyproject.toml", "aws")
    imports = [Foreign(each, "app/a.py", 1, False) for each in ("argon2", "jwt", "msgspec")]

    assert distributions(imports, LAMBDA, names) == ("argon2-cffi", "msgspec", "pyjwt")
    assert not [name for name in names if name.startswith("pulumi")]


def test_packages_of_tools_and_tests_are_none_that_a_function_may_import() -> None:
    assert {"pytest", "httpx", "pulumi"}.isdisjoint(declared(ROOT / "pyproject.toml", "aws"))


def test_what_is_not_installed_provides_nothing() -> None:
    assert provided("there-is-no-such-distribution") == frozenset()


def test_requirements_hold_the_pins_of_all_that_the_wanted_ones_need() -> None:
    found = requirements(pins(LOCK), ["argon2-cffi"])

    assert found.direct.splitlines() == ["argon2-cffi==25.1.0 \\", "    --hash=sha256:aa"]
    assert "bindings==26.2.0 ; sys_platform != 'win32' \\" in found.others
    assert "--hash=sha256:cc" in found.others
    assert "cffi==2.0" in found.others
    assert "jwt" not in found.direct + found.others
    assert "via" not in found.others


def test_names_are_compared_in_one_spelling() -> None:
    assert "py_jwt==2.15.1" in requirements(pins(LOCK), ["py-jwt"]).direct


def test_what_is_not_pinned_is_refused() -> None:
    with pytest.raises(PackageError, match="make lock"):
        requirements(pins(LOCK), ["requests"])


def test_the_pins_of_this_project_are_read_whole() -> None:
    """Each line that pins is one pin, and each of these has a hash."""
    text = (ROOT / "tools" / "constraints.txt").read_text()
    found = pins(text)

    assert len(found) == sum("==" in line and line[0] not in " #" for line in text.splitlines())
    assert all("--hash=sha256:" in pin.text for pin in found)
    others = requirements(found, ["argon2-cffi"]).others
    assert {"argon2-cffi-bindings", "cffi", "pycparser"} == {
        line.partition("==")[0] for line in others.splitlines() if line[0] != " "
    }
