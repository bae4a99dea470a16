"""How .venv is made, and that it is made again only when it has to be."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.cli.machine import for_installers
from infra.cli.venv_setup import (
    INPUTS,
    VERSION,
    Checkout,
    Interpreter,
    SetupError,
    digest,
    extras,
    main,
    prepare,
    running,
)
from infra.cli.venv_setup import is_current as current
from tests.unit.machines import Answers, program, quiet

ROOT = Path(__file__).resolve().parents[2]
HERE = running().version


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return Checkout(tmp_path)


def makes(words: list[str]) -> None:
    program(Path(words[-1]) / "bin" / "python")
    (Path(words[-1]) / "pyvenv.cfg").write_text(f"command = python -m venv {words[-1]}\n")


def is_current(checkout: Checkout, names: tuple[str, ...], version: str = HERE) -> bool:
    return current(checkout, names, version)


def all_well(answers: Answers | None = None, there: str = HERE) -> Answers:
    """Each step succeeds; an environment that is there already is of Python `there`."""
    answers = answers or Answers()
    return answers.on(VERSION, says=there).on("-m", "venv", does=makes).on("pip")


def set_up(checkout: Checkout, answers: Answers, *names: str, version: str = HERE) -> list[str]:
    progress, lines = quiet()
    prepare(
        checkout,
        names,
        env={"PATH": "/bin", "PYTHONPATH": "/elsewhere", "VIRTUAL_ENV": "/other"},
        python=Interpreter(Path("/usr/bin/python3"), version),
        runner=answers,
        progress=progress,
    )
    return lines


def test_the_steps_are_environment_uv_packages_and_each_is_told(checkout: Checkout) -> None:
    answers = all_well()
    lines = set_up(checkout, answers)
    assert [line[17:].split(",")[0].strip() for line in lines] == [
        "virtual environment .venv",
        "uv",
        "packages",
        "done",
    ]
    assert is_current(checkout, ())


def test_every_package_is_held_to_the_pinned_hashes_and_nothing_is_built(
    checkout: Checkout,
) -> None:
    answers = all_well()
    set_up(checkout, answers)
    uv, packages = answers.calls[1:]
    for call in (uv, packages):
        assert "--require-hashes" in call
        assert call[call.index("--only-binary") + 1] == ":all:"
    for env in answers.environments:
        assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(env)
        assert env["UV_PYTHON_DOWNLOADS"] == "never"


def test_a_second_run_starts_nothing(checkout: Checkout) -> None:
    set_up(checkout, all_well())
    answers = Answers()
    assert set_up(checkout, answers) == []
    assert answers.calls == []


@pytest.mark.parametrize("name", INPUTS)
def test_a_changed_pin_makes_it_out_of_date(checkout: Checkout, name: str) -> None:
    set_up(checkout, all_well())
    (checkout.root / name).write_text("changed")
    assert not is_current(checkout, ())


def test_a_moved_checkout_or_other_extras_make_it_out_of_date(checkout: Checkout) -> None:
    set_up(checkout, all_well())
    assert not is_current(checkout, ("aws",))
    moved = checkout.root.with_name("moved")
    shutil.copytree(checkout.root, moved)
    assert not is_current(Checkout(moved), ())


def test_an_interruption_anywhere_leaves_it_out_of_date_and_the_next_run_mends_it(
    checkout: Checkout,
) -> None:
    def interrupt(_words: list[str]) -> None:
        raise KeyboardInterrupt

    for step in ("venv", "bootstrap.txt", "constraints.txt"):
        set_up(checkout, all_well())
        (checkout.root / "tools/constraints.txt").write_text(f"new pins before {step}")
        if step == "venv":
            checkout.python.unlink()
        answers = all_well(Answers().on(step, does=interrupt))
        with pytest.raises(KeyboardInterrupt):
            set_up(checkout, answers)
        assert not is_current(checkout, ())
        assert set_up(checkout, all_well())
        assert is_current(checkout, ())


def test_an_environment_whose_interpreter_no_longer_works_is_made_anew(
    checkout: Checkout,
) -> None:
    (checkout.venv / "bin").mkdir(parents=True)
    checkout.python.symlink_to("/nowhere/python3")
    (checkout.venv / "left-over").touch()
    set_up(checkout, all_well())
    assert not (checkout.venv / "left-over").exists()


def test_another_python_makes_the_environment_anew_and_the_same_one_goes_on_with_it(
    checkout: Checkout,
) -> None:
    """One that was only upgraded in place has its packages where the new Python does not look."""
    set_up(checkout, all_well(), version="3.11")
    (checkout.venv / "left-over").touch()
    assert is_current(checkout, (), "3.11")
    assert not is_current(checkout, (), "3.13")
    (checkout.root / "pyproject.toml").write_text("new packages")
    set_up(checkout, all_well(there="3.11"), version="3.11")
    assert (checkout.venv / "left-over").exists()
    set_up(checkout, all_well(there="3.11"), version="3.13")
    assert not (checkout.venv / "left-over").exists()
    assert is_current(checkout, (), "3.13")


def test_a_checkout_that_was_renamed_gets_a_new_environment(
    checkout: Checkout, tmp_path: Path
) -> None:
    """The scripts in the old one name the old folder."""
    set_up(checkout, all_well())
    (checkout.venv / "left-over").touch()
    renamed = Checkout(tmp_path.with_name(tmp_path.name + "-renamed"))
    checkout.root.rename(renamed.root)
    assert not is_current(renamed, ())
    set_up(renamed, all_well())
    assert not (renamed.venv / "left-over").exists()


def test_the_version_that_is_asked_for_is_what_an_interpreter_says_of_itself() -> None:
    said = subprocess.run(
        [sys.executable, "-c", VERSION], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == HERE


def test_a_mirror_that_is_set_for_pip_serves_uv_unless_uv_has_its_own() -> None:
    mirror = {"PIP_INDEX_URL": "https://mirror.example/simple"}
    assert for_installers(mirror)["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    own = {**mirror, "UV_DEFAULT_INDEX": "https://own.example/simple"}
    assert for_installers(own)["UV_DEFAULT_INDEX"] == "https://own.example/simple"
    assert "UV_DEFAULT_INDEX" not in for_installers({})


def test_extras_are_kept_until_others_are_asked_for(checkout: Checkout) -> None:
    assert extras(checkout, None) == ()
    set_up(checkout, all_well(), "aws")
    assert extras(checkout, None) == ("aws",)
    assert extras(checkout, "alicloud, aws") == ("alicloud", "aws")
    assert extras(checkout, "none") == ()
    with pytest.raises(SetupError, match="there is no extra azure"):
        extras(checkout, "azure")


def test_a_need_is_added_to_what_was_chosen_and_stays(checkout: Checkout) -> None:
    assert extras(checkout, None, "aws") == ("aws",)
    assert extras(checkout, "none", "aws") == ("aws",)
    set_up(checkout, all_well(), *extras(checkout, None, "aws"))
    assert extras(checkout, None) == ("aws",)
    assert extras(checkout, None, "alicloud") == ("alicloud", "aws")
    assert main([], checkout.root) == 0
    assert main(["--needs", "aws"], checkout.root) == 0, "it is there: nothing is installed"
    with pytest.raises(SetupError, match="there is no extra azure"):
        extras(checkout, None, "azure")


def test_what_another_set_up_added_while_this_one_waited_stays(checkout: Checkout) -> None:
    asked = extras(checkout, None)
    set_up(checkout, all_well(), "aws")
    answers = all_well()
    progress, _ = quiet()
    prepare(
        checkout,
        asked,
        env={},
        python=Interpreter(Path("/usr/bin/python3"), HERE),
        runner=answers,
        progress=progress,
        also=lambda: extras(checkout, None),
    )
    assert answers.calls == []
    assert is_current(checkout, ("aws",))


def test_a_python_without_venv_is_told_which_package_to_install(checkout: Checkout) -> None:
    answers = Answers().on("-m", "venv", says="ensurepip is not available", code=1)
    with pytest.raises(SetupError, match="apt install python3-venv"):
        set_up(checkout, answers)


@pytest.mark.parametrize(
    ("step", "says", "reason"),
    [
        ("bootstrap.txt", "Failed to establish a new connection", "network did not answer"),
        ("constraints.txt", "No space left on device (os error 28)", "the disk is full"),
        ("constraints.txt", "error: Hash mismatch for `ruff`", "not the pinned one"),
        ("constraints.txt", "error: uv broke", "error: uv broke"),
    ],
)
def test_a_failed_step_says_which_why_what_was_tried_and_the_next_command(
    checkout: Checkout, step: str, says: str, reason: str
) -> None:
    answers = all_well(Answers().on(step, says=says, code=1))
    with pytest.raises(SetupError) as caught:
        set_up(checkout, answers)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("setup: ")
    assert reason in lines[0]
    assert step in lines[1]
    assert lines[2].endswith("make setup (it goes on where it stopped)")
    assert not is_current(checkout, ())


def test_a_folder_that_cannot_be_written_is_one_clear_message(checkout: Checkout) -> None:
    (checkout.root / ".setup.lock").mkdir()
    with pytest.raises(SetupError, match=r"\.setup\.lock cannot be written: Is a directory"):
        set_up(checkout, all_well())


def test_the_command_answers_with_an_exit_code_and_no_traceback(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--extras", "azure"], checkout.root) == 1
    assert capsys.readouterr().err.startswith("setup: there is no extra azure.\n→ make setup")
    set_up(checkout, all_well())
    assert main([], checkout.root) == 0
    assert capsys.readouterr().err == ""


def test_a_second_set_up_of_the_checkout_waits_for_the_first_and_then_has_nothing_to_do(
    checkout: Checkout,
) -> None:
    second: list[str] = []
    threads: list[threading.Thread] = []

    def meanwhile(_words: list[str]) -> None:
        thread = threading.Thread(target=lambda: second.extend(set_up(checkout, Answers())))
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        threads.append(thread)

    set_up(checkout, all_well(Answers().on("constraints.txt", does=meanwhile)))
    threads[0].join(timeout=30)
    assert [line[17:].strip() for line in second] == ["waiting for another set-up of this checkout"]


def test_the_digest_depends_on_nothing_but_its_inputs(checkout: Checkout) -> None:
    assert digest(checkout, (), HERE) == digest(Checkout(checkout.root), (), HERE)


def test_the_entry_stays_readable_for_a_python_that_is_too_old() -> None:
    """It has to tell the user so; checked by the grammar of Python 3.4's successors."""
    source = (ROOT / "tools" / "bootstrap.py").read_text()
    program = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 4))"
    checked = subprocess.run([sys.executable, "-c", program], input=source, text=True, check=False)
    assert checked.returncode == 0
