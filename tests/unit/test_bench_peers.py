"""Where the bench has its peers from; one that cannot be had is left out, and the rest is not."""

import json
import re
import shutil
from pathlib import Path

import pytest

from bench import peers, requests
from bench.cloud import health_alone
from infra.errors import PlatformError
from tests.unit.machines import Answers, machine, program, quiet

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "bench" / "offline"


def with_node(folder: Path, answers: Answers) -> peers.Node:
    path = folder / "bin"
    for name in ("node", "npm"):
        program(path / name)
    here = machine(folder, answers, [path])
    if not (here.root / "bench").exists():
        shutil.copytree(PINS, here.root / "bench" / "offline")
    return peers.node(here, quiet()[0])


def test_the_packages_of_node_are_installed_once_and_by_the_lock_file_alone(tmp_path: Path) -> None:
    answers = Answers().on("npm", "ci")
    first = with_node(tmp_path, answers)
    assert with_node(tmp_path, answers) == first
    assert len(answers.calls) == 1
    assert first.program == tmp_path / "bin" / "node"
    for name in peers.NPM_FILES:
        assert (first.modules.parent / name).read_bytes() == (PINS / name).read_bytes()


def test_packages_of_node_that_cannot_be_had_are_told_with_the_cause(tmp_path: Path) -> None:
    answers = Answers().on("npm", "ci", says="npm error code EBADENGINE: Not compatible", code=1)
    with pytest.raises(PlatformError, match=r"bench-offline.*EBADENGINE"):
        with_node(tmp_path, answers)


@pytest.mark.parametrize(("there", "missing"), [((), "node"), (("node",), "npm")])
def test_without_node_or_npm_that_peer_is_left_out_and_it_is_said_what_to_install(
    tmp_path: Path, there: tuple[str, ...], missing: str
) -> None:
    for name in there:
        program(tmp_path / "bin" / name)
    here = machine(tmp_path, Answers(), [tmp_path / "bin"])
    progress, lines = quiet()
    with requests.started(["offline"], here, tmp_path, progress) as up:
        assert up == {}
    (line,) = lines
    assert "left out: serverless-offline" in line
    assert f"no {missing} on PATH" in line
    assert "install Node.js" in line


def test_every_package_of_node_is_pinned_by_hash_and_of_no_registry_by_name() -> None:
    text = (PINS / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in re.sub(r'"(url|funding)": "[^"]*"', "", text)
    packages = json.loads(text)["packages"]
    assert packages.pop("")["dependencies"] == {
        "serverless": "npm:osls@4.3.1",
        "serverless-offline": "14.8.2",
    }
    assert len(packages) > 100
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())


def test_no_package_of_node_runs_code_when_it_is_installed() -> None:
    assert "ignore-scripts=true" in (PINS / ".npmrc").read_text(encoding="utf-8").splitlines()


def test_each_peer_has_an_answer_of_its_own_folder() -> None:
    for name in (*requests.PEERS, requests.YARDSTICK):
        (source,) = (ROOT / "bench" / "apps" / name).glob("*.py")
        assert '{"status": "ok", "stack": "local"}' in source.read_text(encoding="utf-8")


def test_the_autoscaler_has_the_limits_that_the_shop_declares_and_calls_wait() -> None:
    """A bench of an autoscaler that may not scale would tell nothing of it."""
    (free,), (fixed,) = health_alone(None).functions, health_alone(2).functions
    assert free.scaling.min_instances < free.scaling.max_instances
    assert (fixed.scaling.min_instances, fixed.scaling.max_instances) == (2, 2)
    assert free.scaling.queue_ms == fixed.scaling.queue_ms > 0


def test_the_table_has_a_line_for_each_that_was_asked_for_and_a_verdict_for_ours_alone() -> None:
    text = requests.told({"local cloud, aws": [], "serverless-offline": [], requests.BASE: []})
    assert "local cloud, aws / the best peer: not measured" in text
    assert f"local cloud, aws / {requests.BASE}: not measured" in text
    assert len(re.findall("^.* +not measured$", text, re.MULTILINE)) == 5
