"""What no file of the project may hold, and what its pins must."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# In parts, so that this file does not hold them either.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("deb", "debian", "org"),
        ("crates", "io"),
    )
]
HOMES = re.compile(r"(?<![\w.~}])/(?:home|Users|root)/\w")


def texts() -> list[tuple[str, str]]:
    """Every file that is, or would be, in the repository, by name, if it is text."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if file.is_file() and b"\0" not in (content := file.read_bytes()):
            found.append((name, content.decode("utf-8", "replace")))
    return found


def test_no_file_names_a_package_registry() -> None:
    """The user's own settings choose it: a mirror has to work without an edit."""
    named = [(name, host) for name, text in texts() for host in REGISTRIES if host in text]
    assert named == []


def test_no_file_holds_a_path_in_somebodys_home() -> None:
    assert [(name, hit) for name, text in texts() for hit in HOMES.findall(text)] == []


@pytest.mark.parametrize("name", ["constraints.txt", "bootstrap.txt", "go.txt"])
def test_every_pinned_package_has_one_version_and_a_hash(name: str) -> None:
    text = (ROOT / "tools" / name).read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    assert blocks
    for block in blocks:
        assert re.match(r"[\w.\-]+==[\w.]+( ;[^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", block), (
            block
        )


def test_every_declared_package_is_pinned() -> None:
    declared = re.findall(
        r'^ *"([A-Za-z][\w.\-]*)(?:==|>=)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    pinned = re.findall(
        r"^([\w.\-]+)==", (ROOT / "tools" / "constraints.txt").read_text(), re.MULTILINE
    )
    assert declared
    assert {name.lower() for name in declared} <= set(pinned)


def test_the_code_of_this_project_is_importable_from_nowhere_but_its_checkout(
    tmp_path: Path,
) -> None:
    """Else what was not staged for a function would be found in the checkout, and missing later."""
    for package in ("infra", "app"):
        program = f"import importlib.util as u; print(u.find_spec({package!r}))"
        said = subprocess.run(
            [sys.executable, "-P", "-c", program],
            cwd=tmp_path,
            env={},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout == "None\n"


def test_every_target_of_the_makefile_is_told_by_make_help_and_is_phony() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert phony
    assert set(phony[1].replace("\\\n", " ").split()) == targets
    told = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(re.findall(r"^  ([a-z-]+) ", told.stdout, re.MULTILINE)) == targets
