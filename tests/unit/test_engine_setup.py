"""How the Pulumi engine is found or made."""

import os
import re
import threading
import tomllib
from pathlib import Path

import pytest

from infra.cli import engine, engine_build, engine_install
from infra.cli.commands import Finished, Progress
from infra.cli.engine import EngineError, cached, ensure
from infra.cli.machine import WayFailedError, as_numbers
from tests.unit.machines import CURRENT, Answers, engine_in, machine, program, quiet

NO_NETWORK = "the network did not answer (no connection, or a proxy is needed)"
REMEDY = (
    "→ Mend what the last line says and run the same command again; or install Pulumi 3.259.0"
    " or newer yourself and put it on PATH (make doctor tells whether it is found)"
)
ROOT = Path(__file__).resolve().parents[2]


def installs(words: list[str]) -> None:
    """What the installer does: `-c PROGRAM FOLDER VERSION`."""
    engine_in(Path(words[-2]) / "bin")


def compiles(words: list[str]) -> None:
    program(Path(words[words.index("-o") + 1]))


def with_go(answers: Answers, folder: Path, version: str = "go1.26.6") -> Answers:
    """A Go that lists, builds, and knows where the SDK's files are."""
    sdk = folder / "sdk"
    program(sdk / "python" / "cmd" / "pulumi-language-python-exec", "#!/usr/bin/env python3\n")
    return (
        answers.on("env", "GOVERSION", says=version)
        .on("list", "-deps", says="go: downloading one v1\nfmt\nos")
        .on("list", "-m", says=f"{sdk}")
        .on("build", "-v", says="fmt\nos", does=compiles)
    )


def test_an_engine_on_path_that_is_new_enough_is_used_as_it_is(tmp_path: Path) -> None:
    there = engine_in(tmp_path / "bin")
    answers = Answers().on("pulumi", "version", says="v3.300.1")
    found = ensure(machine(tmp_path, answers, [there]), quiet()[0])
    assert (found.bin, found.way) == (there, "path")
    assert answers.environments[0]["PULUMI_SKIP_UPDATE_CHECK"] == "1"


def test_the_language_host_may_be_elsewhere_on_path(tmp_path: Path) -> None:
    program(tmp_path / "a" / "pulumi")
    program(tmp_path / "b" / "pulumi-language-python")
    answers = Answers().on("pulumi", "version", says=CURRENT)
    found = ensure(machine(tmp_path, answers, [tmp_path / "a", tmp_path / "b"]), quiet()[0])
    assert found.bin == tmp_path / "a"


@pytest.mark.parametrize(
    ("says", "code", "host", "reason"),
    [
        ("v3.258.9", 0, "bin", "3.258.9, older than 3.259.0"),
        (CURRENT, 0, "elsewhere", "no pulumi-language-python beside it"),
        ("downloading…", 0, "bin", "does not tell its version"),
        ("broken", 1, "bin", "does not tell its version: broken"),
    ],
)
def test_an_engine_on_path_that_cannot_be_used_is_passed_over_with_its_reason(
    tmp_path: Path, says: str, code: int, host: str, reason: str
) -> None:
    program(tmp_path / "bin" / "pulumi")
    program(tmp_path / host / "pulumi-language-python")
    here = machine(tmp_path, Answers().on("version", says=says, code=code), [tmp_path / "bin"])
    found, said = engine.find(here)
    assert found is None
    assert reason in said[0]


def test_the_cache_serves_every_later_run_without_starting_anything(tmp_path: Path) -> None:
    answers = Answers()
    here = machine(tmp_path, answers)
    there = engine_in(cached(here) / "bin")
    found = ensure(here, quiet()[0])
    assert (found.bin, found.way) == (there, "cache")
    assert answers.calls == []


def test_other_pins_or_another_system_do_not_share_a_cached_engine(tmp_path: Path) -> None:
    here = machine(tmp_path, Answers())
    before = cached(here)
    (here.root / "tools" / "engine" / "go.sum").write_text("other pins\n")
    assert cached(here) != before
    assert f"pulumi-{engine.VERSION}-linux-amd64-" in before.name


def test_the_official_installer_fills_the_cache(tmp_path: Path) -> None:
    answers = Answers().on("PulumiCommand", does=installs).on("version", says=CURRENT)
    here = machine(tmp_path, answers)
    found = ensure(here, quiet()[0])
    assert (found.bin, found.way) == (cached(here) / "bin", "installer")
    assert ensure(here, quiet()[0]).way == "cache"
    assert sorted(file.name for file in here.cache.iterdir()) == [
        cached(here).name,
        cached(here).name + ".lock",
    ]


def test_without_the_installer_the_engine_is_built_from_the_pinned_modules(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "go")
    answers = with_go(
        Answers().on("PulumiCommand", says="Name or service not known", code=1), tmp_path
    )
    answers.on("version", says=CURRENT)
    here = machine(tmp_path, answers, [tmp_path / "bin"], GOFLAGS="-mod=vendor", GOOS="plan9")
    progress, lines = quiet()
    found = ensure(here, progress)
    assert found.way == "modules"
    assert sorted(file.name for file in found.bin.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    ]
    assert os.access(found.bin / "pulumi-language-python-exec", os.X_OK)
    assert any("the network did not answer" in line for line in lines)
    assert any("compiling 2 packages" in line for line in lines)
    builds = [
        env
        for words, env in zip(answers.calls, answers.environments, strict=True)
        if "build" in words
    ]
    assert {env["GOFLAGS"] for env in builds} == {"-mod=readonly -buildvcs=false"}
    assert all("GOOS" not in env and env["GOTOOLCHAIN"] == "local" for env in builds)


@pytest.mark.parametrize("version", ["go1.22.4", ""])
def test_a_go_that_is_too_old_is_left_alone_and_a_pinned_one_fetched_for_the_build(
    tmp_path: Path, version: str
) -> None:
    def fetch(words: list[str]) -> None:
        Path(words[words.index("--target") + 1]).mkdir(parents=True)

    old = program(tmp_path / "bin" / "go")
    answers = Answers().on(str(old), says=version)
    answers.on("--target", "go.txt", "--require-hashes", does=fetch)
    with_go(answers, tmp_path).on("version", says=CURRENT)
    mirror = "https://mirror.example/simple"
    here = machine(tmp_path, answers, [tmp_path / "bin"], PIP_INDEX_URL=mirror)
    work = cached(here).with_name(cached(here).name + ".partial.go-work")
    program(work / "toolchain" / "half of an earlier try")
    others = program(here.cache / "pulumi-of-other-pins.partial.go-work" / "file")
    ensure(here, quiet()[0], ["modules"])
    built = [words[0] for words in answers.calls if "build" in words]
    assert set(built) == {str(work / "toolchain" / "go" / "bin" / "go")}
    assert not work.exists()
    assert others.exists()
    fetched = next(i for i, words in enumerate(answers.calls) if "--target" in words)
    assert answers.environments[fetched]["UV_DEFAULT_INDEX"] == mirror


def test_a_go_toolchain_that_was_fetched_before_an_interruption_is_used_again(
    tmp_path: Path,
) -> None:
    answers = with_go(Answers(), tmp_path).on("version", says=CURRENT)
    here = machine(tmp_path, answers)
    program(cached(here).with_name(cached(here).name + ".partial.go-work") / "toolchain" / ".ready")
    ensure(here, quiet()[0], ["modules"])
    assert not any("--target" in words for words in answers.calls)


def test_when_every_way_fails_the_error_names_each_with_its_reason_and_what_to_do(
    tmp_path: Path,
) -> None:
    answers = Answers().on("PulumiCommand", says="Connection refused", code=1)
    answers.on("--target", says="error: no space left on device", code=1)
    here = machine(tmp_path, answers)
    with pytest.raises(EngineError) as caught:
        ensure(here, quiet()[0])
    assert str(caught.value).splitlines() == [
        "engine: no Pulumi engine 3.259.0 or newer. What was tried:",
        "  path       no pulumi",
        f"  cache      nothing in {cached(here) / 'bin'}",
        f"  installer  official installer: {NO_NETWORK}",
        "  modules    Go modules: no Go, and the disk is full",
        REMEDY,
    ]
    assert not cached(here).exists()


def test_an_engine_that_does_not_run_is_never_put_into_the_cache(tmp_path: Path) -> None:
    answers = Answers().on("PulumiCommand", does=installs)
    answers.on("version", says="cannot execute binary file", code=126)
    here = machine(tmp_path, answers)
    with pytest.raises(EngineError, match="cannot execute binary file"):
        ensure(here, quiet()[0], ["installer"])
    assert not cached(here).exists()
    assert not cached(here).with_name(cached(here).name + ".partial").exists()


def test_a_cache_that_cannot_be_written_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(EngineError, match=r"cache cannot be written: (File exists|Not a dir)"):
        ensure(machine(tmp_path, Answers()), quiet()[0])


def test_what_an_interrupted_build_left_does_not_stop_the_next(tmp_path: Path) -> None:
    answers = Answers().on("PulumiCommand", does=installs).on("version", says=CURRENT)
    here = machine(tmp_path, answers)
    engine_in(cached(here).with_name(cached(here).name + ".partial") / "bin" / "pulumi-old")
    assert ensure(here, quiet()[0]).bin == cached(here) / "bin"


def test_a_download_that_stands_still_is_given_up_and_one_that_moves_is_not(tmp_path: Path) -> None:
    now = [0.0]
    progress = Progress("test", lambda _text: None, clock=lambda: now[0])

    def slow(words: list[str]) -> None:
        tarball = Path(words[-2]) / "downloads" / "engine.tar.gz"
        for second in range(120):
            now[0] = float(second)
            tarball.write_bytes(b"x" * second)
            assert ticks[0]() == ""
        now[0] += engine_install.QUIET_S + 1

    class Ticking(Answers):
        def __call__(self, *words, **options):  # type: ignore[no-untyped-def]
            ticks[:] = [options["on_tick"]]
            return super().__call__(*words, **options)

    ticks = [str]
    here = machine(tmp_path, Ticking().on("PulumiCommand", does=slow))
    folder = tmp_path / "partial"
    folder.mkdir()
    with pytest.raises(WayFailedError, match="nothing came for 20 s"):
        engine_install.install(here, folder, progress, engine.VERSION)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("v3.259.0", (3, 259, 0)),
        ("3.260.0-alpha.1", (3, 260, 0)),
        ("go1.26.6", (1, 26, 6)),
        ("go1.27rc1", (1, 27)),
        ("", (0,)),
    ],
)
def test_versions_compare_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert as_numbers(text) == numbers


def test_the_engine_the_sdk_and_the_modules_are_pinned_to_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"pulumi=={engine.VERSION}" in project["dependencies"]
    modules = (ROOT / "tools" / "engine" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{engine.VERSION}" in modules
    assert f"{engine_build.SDK} v{engine.VERSION}" in modules
    assert f"go {engine_build.OLDEST_GO}\n" in modules
    locked = (ROOT / "tools" / "constraints.txt").read_text()
    assert re.search(rf"^pulumi=={re.escape(engine.VERSION)} ", locked, re.MULTILINE)


def test_this_machine_is_named_as_go_names_it() -> None:
    here = engine.this_machine(ROOT)
    assert here.system in {"linux", "darwin"}
    assert here.arch in {"amd64", "arm64"}
    assert here.cache.name == "shop-platform"


def test_the_command_prints_the_folder_for_path_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    there = engine_in(cached(engine.this_machine(ROOT)) / "bin")
    assert engine.main(["--ways", "cache"]) == 0
    assert capsys.readouterr() == (f"{there}\n", "")


def test_the_command_fails_with_the_reason_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert engine.main(["--ways", "cache"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("engine: no Pulumi engine 3.259.0 or newer. What was tried:\n")


def test_two_clones_make_one_engine(tmp_path: Path) -> None:
    found: list[engine.EngineLocation] = []
    threads: list[threading.Thread] = []

    def other() -> None:
        found.append(ensure(machine(tmp_path, Answers()), quiet()[0]))

    def meanwhile(words: list[str]) -> None:
        threads.append(threading.Thread(target=other))
        threads[0].start()
        threads[0].join(timeout=0.5)
        assert threads[0].is_alive()
        installs(words)

    answers = Answers().on("PulumiCommand", does=meanwhile).on("version", says=CURRENT)
    assert ensure(machine(tmp_path, answers), quiet()[0]).way == "installer"
    threads[0].join(timeout=30)
    assert [one.way for one in found] == ["cache"]


def test_an_unknown_way_is_refused_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        engine.main(["--ways", "magic"])
    assert caught.value.code == 2
    assert "there are path, cache, installer, modules" in capsys.readouterr().err


def test_finished_is_not_ok_when_it_was_stopped() -> None:
    assert Finished(0, "").ok
    assert not Finished(0, "", "not done after 1 s").ok
