"""`make up`, `preview`, `down` and `shell` from the first to the last, with the real engine."""

import sys

from tests.support.project import Project
from tests.support.steps import Step

CREATED = (
    Step("Function health", "create"),
    Step("Gateway gateway", "create"),
    Step("Runtime runtime", "create"),
    Step("Target shop", "create"),
)


def test_a_preview_before_the_first_up_creates_and_starts_nothing(project: Project) -> None:
    seen = project.preview().ok()
    assert seen.steps == CREATED
    assert not project.supervisors()
    assert not project.places.lock.exists()
    assert not project.places.code.exists()
    project.wait_quiet()


def test_up_and_down_can_be_repeated_and_data_stays(project: Project) -> None:
    first = project.up().ok()
    assert first.steps == CREATED
    assert f"The shop answers at {project.url}\n" in first.output
    answer = project.get()
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "stack": "local"})

    again = project.up().ok()
    assert (again.steps, again.drift) == ((), ())
    assert "5 unchanged" in again.output
    sys.stdout.write(f"\nfirst up {first.seconds:.1f} s, second {again.seconds:.1f} s\n")

    data = project.places.state / "data" / "kept.txt"
    data.parent.mkdir()
    data.write_text("kept")
    project.wait_quiet()
    for _ in range(2):
        down = project.down().ok()
        assert "the data stays in .shop/" in down.output
        assert project.processes() == {}
        assert data.read_text() == "kept"

    assert project.up().ok().steps == CREATED
    assert project.serves()
    assert project.url in project.shell("pulumi stack output url -s local").ok().output


def test_plain_pulumi_works_in_the_shell(running: Project) -> None:
    pid = running.supervisors()
    output = running.shell("pulumi stack output url -s local").ok().output
    assert output.strip() == running.url
    preview = running.shell("pulumi preview -s local --non-interactive").ok()
    assert "5 unchanged" in preview.output
    running.edit("infra/shop.py", "timeout_s=5", "timeout_s=6")
    up = running.shell("pulumi up -s local --yes --non-interactive").ok()
    assert "~ 1 updated" in up.output
    assert "4 unchanged" in up.output
    assert running.serves()
    assert running.supervisors() == pid


def test_the_code_that_runs_is_the_clones_own(running: Project) -> None:
    """Its environment, which another clone may share, holds packages and no clone's code."""
    assert "No module named 'infra'" in running.shell("cd /; python -c 'import infra'").output
    with (running.root / "infra" / "shop.py").open("a", encoding="utf-8") as file:
        file.write('\nimport pulumi\npulumi.log.warn(f"from {__file__}")\n')
    assert f"from {running.root}/infra/shop.py" in running.preview().ok().output
    provider = running.root / "infra" / "local" / "provider.py"
    provider.write_text(provider.read_text() + "\nraise PlatformError(f'from {__file__}')\n")
    assert f"from {provider}" in running.preview().output
