"""Libraries are installed once, held to hashes, looked at, and kept; every failure says the way."""

from pathlib import Path

import pytest

from infra.cli.commands import Finished
from infra.packages.libraries import Libraries
from infra.packages.pins import Requirements, pins, requirements
from infra.packages.runtime import LAMBDA, PackageError, host
from infra.packages.tools import Compiler
from tests.support.packages import LIBRARY, LOCK, Machine

WANTED = requirements(pins(LOCK), ["pyjwt"])
NOT_CACHED = Finished(1, "hint: Packages were unavailable because the network was disabled.")
NO_WHEEL = Finished(
    1, "No solution found:\n Because cffi==2.0 has no usable\n      wheels and bindings needs it"
)


def kept(folder: Path, machine: Machine, *, offline: bool = False) -> Libraries:
    return Libraries(folder, LAMBDA, None, machine.tools(), offline)


def refused(libraries: Libraries, wanted: Requirements = WANTED) -> PackageError:
    with pytest.raises(PackageError) as found:
        libraries.files(wanted)
    assert [each.name for each in libraries.folder.iterdir()] == []
    return found.value


def test_wheels_are_asked_for_by_platform_version_and_hash_and_nothing_is_built(
    tmp_path: Path,
) -> None:
    machine = Machine()
    kept(tmp_path, machine).files(WANTED)

    (words,) = machine.installed
    given = " ".join(words)
    assert "--python-platform aarch64-manylinux_2_28" in given
    assert "--python-version 3.13" in given
    assert "--only-binary :all:" in given
    assert "--require-hashes" in given
    assert "--offline" in words
    assert machine.given == ["pyjwt==2.15.1 \\\n    --hash=sha256:bb\n", ""]


def test_for_this_machine_no_other_platform_is_asked_for(tmp_path: Path) -> None:
    machine = Machine(installs={"jwt/__init__.py": b""})
    Libraries(tmp_path, host(LAMBDA), None, machine.tools()).files(WANTED)

    assert "--python-platform" not in machine.installed[0]


def test_only_what_a_function_needs_is_kept(tmp_path: Path) -> None:
    found = {file.path: file.content for file in kept(tmp_path, Machine()).files(WANTED)}

    wanted = (
        "jwt/__init__.py",
        "jwt/_core.cpython-313-aarch64-linux-gnu.so",
        "pyjwt-2.dist-info/METADATA",
    )
    assert found == {path: LIBRARY[path] for path in wanted}


def test_a_second_time_nothing_is_run(tmp_path: Path) -> None:
    first = kept(tmp_path, Machine()).files(WANTED)
    again = Machine()

    assert kept(tmp_path, again, offline=True).files(WANTED) == first
    assert again.calls == []


def test_without_libraries_nothing_is_run_and_nothing_made(tmp_path: Path) -> None:
    machine = Machine()

    assert kept(tmp_path / "none", machine).files(requirements(pins(LOCK), [])) == ()
    assert machine.calls == []
    assert not (tmp_path / "none").exists()


def test_other_pins_and_other_runtimes_are_kept_apart(tmp_path: Path) -> None:
    machine = Machine()
    libraries = kept(tmp_path, machine)
    other_hash = requirements(pins(LOCK.replace("bb", "cc")), ["pyjwt"])
    here = Libraries(tmp_path, host(LAMBDA), None, machine.tools())

    assert len({libraries.key(WANTED), libraries.key(other_hash), here.key(WANTED)}) == 3


def test_what_is_not_in_the_cache_is_fetched(tmp_path: Path) -> None:
    machine = Machine(offline=NOT_CACHED)

    assert kept(tmp_path, machine).files(WANTED)
    assert ["--offline" in words for words in machine.installed] == [True, False]


def test_offline_the_network_is_not_asked_and_the_message_says_how_to_fetch(
    tmp_path: Path,
) -> None:
    machine = Machine(offline=NOT_CACHED)
    problem = refused(kept(tmp_path, machine, offline=True)).problem

    assert len(machine.installed) == 1
    assert "the wheels of pyjwt are not on this machine" in problem.value
    assert problem.remedy == "fetch them once by: make setup"


def test_a_missing_wheel_is_told_as_such(tmp_path: Path) -> None:
    problem = refused(kept(tmp_path, Machine(offline=NOT_CACHED, online=NO_WHEEL))).problem

    assert "no wheel for AWS Lambda, Python 3.13 on arm64: cffi==2.0 has no usable" in problem.value
    assert "pyjwt" in problem.consequence
    assert "make lock" in problem.remedy


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("error: Failed to fetch\n  Caused by: dns error", "the network did not answer"),
        ("error: Hash mismatch for `pyjwt==2.15.1`", "its hash differs"),
        ("error: No space left on device (os error 28)", "the disk is full"),
    ],
)
def test_other_failures_say_why_in_one_line(tmp_path: Path, said: str, words: str) -> None:
    machine = Machine(offline=Finished(1, said), online=Finished(1, said))

    assert words in refused(kept(tmp_path, machine)).problem.value


def test_a_command_that_was_stopped_says_so(tmp_path: Path) -> None:
    machine = Machine(offline=NOT_CACHED, online=Finished(-9, "", "not done after 300 s"))

    assert "not done after 300 s" in refused(kept(tmp_path, machine)).problem.value


def test_a_library_for_another_machine_stops_the_build_and_is_not_kept(tmp_path: Path) -> None:
    path = "jwt/_core.cpython-313-x86_64-linux-gnu.so"
    machine = Machine(installs={"jwt/__init__.py": b"", path: LIBRARY[
        "jwt/_core.cpython-313-aarch64-linux-gnu.so"
    ]})  # fmt: skip
    problem = refused(kept(tmp_path, machine)).problem

    assert problem.path == path
    assert problem.value == "made for x86_64-linux-gnu"
    assert "AWS Lambda, Python 3.13 on arm64 cannot load it" in problem.consequence


def test_an_interpreter_is_taken_only_if_it_runs_and_is_of_the_version(tmp_path: Path) -> None:
    """A name on PATH may be a version manager's stand-in for none."""
    shim, real = tmp_path / "shims" / "python3.98", tmp_path / "real" / "python3.98"
    for file in (shim, real):
        file.parent.mkdir()
        file.write_text("")
        file.chmod(0o755)
    machine = Machine(pythons={"/python": "CPython 3.11.7", str(real): "CPython 3.98.2"})
    tools = machine.tools(PATH=f"{shim.parent}:{real.parent}")

    assert tools.compiler("3.98") == Compiler(real, "3.98.2")


def test_uv_is_asked_for_an_interpreter_last(tmp_path: Path) -> None:
    found = str(tmp_path / "managed")
    machine = Machine(pythons={"/uv": f"{found}\n", found: "CPython 3.98.4"})

    assert machine.tools().compiler("3.98") == Compiler(Path(found), "3.98.4")


@pytest.mark.parametrize("said", ["CPython 3.9.2", "PyPy 3.98.1", ""])
def test_without_the_runtimes_interpreter_there_is_no_compiler(said: str) -> None:
    with pytest.raises(PackageError) as found:
        Machine(pythons={"/python": said}).tools().compiler("3.98")

    problem = found.value.problem
    assert problem.path == "bytecode"
    assert "no Python 3.98" in problem.value
    assert "bytecode: none" in problem.remedy
