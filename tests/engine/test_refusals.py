"""What cannot be carried out is refused with one clear report, and what runs goes on running."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.local.client import ask
from infra.shop import NAMES
from tests.support.project import CHECKOUT, Project, Ran

BAD_STACKS = CHECKOUT / "tests" / "unit" / "bad_stacks"
STACK_FILE = "stacks/Pulumi.local.yaml"


@contextmanager
def nothing_changes(project: Project) -> Iterator[None]:
    """What runs before the block runs after it, and the files are put back."""
    before = running_state(project)
    files = [*(project.root / "app").rglob("*.py"), project.root / STACK_FILE]
    texts = {file: file.read_bytes() for file in files}
    try:
        yield
    finally:
        for file, text in texts.items():
            file.write_bytes(text)
    assert running_state(project) == before
    assert project.serves()


def running_state(project: Project) -> dict[str, object]:
    """What runs, without what moves by itself."""
    found: dict[str, object] = ask(project.places, "describe")
    return {name: found[name] for name in ("pid", "release", "runtime", "gateway", "functions")}


def check_refused(ran: Ran, report: str) -> None:
    """The whole report stands in the output once the engine is done, and no stack trace."""
    assert ran.code != 0
    lines = "\n".join(line.strip() for line in report.splitlines())
    assert lines in ran.told, ran.output
    assert "Traceback" not in ran.output
    assert 'File "' not in ran.output
    assert "unhandled" not in ran.output
    assert ran.steps == ()


@pytest.mark.parametrize(
    "name",
    ["key_unknown", "memory_quoted", "settings_missing", "target_cloud", "everything"],
)
def test_a_bad_stack_file_is_refused_with_its_exact_report(
    running: Project, name: str, *, soak: bool
) -> None:
    """By `up`, and by a preview of it, too: of the one that is wrong in every way, by default."""
    with nothing_changes(running):
        text = (BAD_STACKS / f"{name}.yaml").read_text(encoding="utf-8")
        salt = (running.root / STACK_FILE).read_text().rpartition("encryption")[2]
        running.write(STACK_FILE, f"{text}\nencryption{salt}")
        report = (BAD_STACKS / f"{name}.txt").read_text(encoding="utf-8")
        whole = f"use one of: {', '.join(sorted(NAMES['functions']))}"
        report = report.replace(whole, "use one of: health")  # what the small shop has
        previewed = soak or name == "everything"
        for command in (running.up, running.preview) if previewed else (running.up,):
            check_refused(command(), report.replace(f"{name}.yaml", STACK_FILE))


@pytest.mark.parametrize(
    ("content", "where", "reason"),
    [
        (b"foo: [\n", "line 2, column 1", "this is no YAML: expected the node content"),
        (b"a: b: c\n", "line 1, column 5", "this is no YAML: mapping values are not allowed here"),
        (b"\xe4\xf6: 1\n", "the whole file", "this is no YAML: it is not UTF-8 text"),
        (b"just text\n", "the whole file", "these are no keys and values"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused_before_the_engine_runs(
    running: Project, content: bytes, where: str, reason: str
) -> None:
    with nothing_changes(running):
        (running.root / STACK_FILE).write_bytes(content)
        ran = running.up()
        report = f"{STACK_FILE}: 1 problem, nothing was changed\n  {where}\n    {reason}"
        assert ran.code == 1
        assert ran.output.startswith(report)
        remedy = (
            "mend it there" if "YAML" in reason else "write it as YAML, with config: at the top"
        )
        assert ran.output.endswith(f"\n    → {remedy}\n")
        assert "Updating" not in ran.output


@pytest.mark.parametrize(
    ("text", "report"),
    [
        (
            "def health(:\n",
            (
                "app/handlers/health.py:1: invalid syntax\n"
                "no function that needs this file can be put together"
            ),
        ),
        (
            "import app.carts\nROUTES = {}\n",
            (
                "app/handlers/health.py:1: imports app.carts, which does not exist\n"
                "every function that loads this file would fail at its start\n"
                "→ create app/carts.py or correct the import"
            ),
        ),
        (
            "PATHS = {}\n",
            (
                "functions.health: app/handlers/health.py defines no ROUTES at its top level\n"
                "the function health has nothing to run\n"
                "→ define ROUTES in it"
            ),
        ),
    ],
    ids=["syntax", "missing module", "no entry"],
)
def test_code_that_cannot_be_put_together_is_refused_at_preview(
    running: Project, text: str, report: str, *, soak: bool
) -> None:
    """And so by `up`: of one of them by default."""
    with nothing_changes(running):
        running.write("app/handlers/health.py", text)
        said = f"error: app/: 1 problem, nothing was changed\n{report}"
        check_refused(running.preview(), said)
        if soak or "ROUTES = {}" in text:
            check_refused(running.up(), said)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import carts", "ModuleNotFoundError: No module named 'carts'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(3)", "the process ended while it loaded the handler"),
    ],
    ids=["missing package", "raises", "leaves", "ends its process"],
)
def test_a_handler_that_cannot_be_loaded_leaves_the_old_one_serving(
    running: Project, line: str, reason: str, *, soak: bool
) -> None:
    """And nothing of it is left to do once it is mended: seen after the last of them by default."""
    with nothing_changes(running):
        running.edit("app/handlers/health.py", "\nROUTES = ", f"\n{line}\nROUTES = ")
        ran = running.up()
        assert ran.code != 0
        assert (
            f"error: function health: app.entrypoints.aws.http cannot be loaded: {reason}\n"
            "nothing of it was changed: what ran before, if anything did, still serves\n"
            "→ mend it (make logs shows where it was raised), then run it again"
        ) in ran.told, ran.output
        assert "Traceback" not in ran.output
    if not soak and "_exit" not in line:
        return
    healed = running.up().ok()
    assert healed.steps == ()
    assert running.shell("pulumi stack output url -s local").ok().output.strip() == running.url
