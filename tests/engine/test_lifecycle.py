"""`make up`, `preview`, `down` and `shell` from the first to the last, with the real engine.

In order: each test goes on with what the one before left.
"""

import sys

from tests.support.project import Project
from tests.support.steps import Step

CREATED = (
    Step("Function health", "create"),
    Step("Gateway gateway", "create"),
    Step("Runtime runtime", "create"),
    Step("Target shop", "create"),
)


def test_a_preview_before_the_first_up_creates_and_starts_nothing(lasting: Project) -> None:
    seen = lasting.preview().ok()
    assert seen.steps == CREATED
    assert not lasting.supervisors()
    assert not lasting.places.lock.exists()
    assert not lasting.places.code.exists()
    lasting.wait_quiet()


def test_up_and_down_can_be_repeated_and_data_stays(lasting: Project) -> None:
    first = lasting.up().ok()
    assert first.steps == CREATED
    assert f"The shop answers at {lasting.url}\n" in first.output
    answer = lasting.get()
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "stack": "local"})

    again = lasting.up().ok()
    assert (again.steps, again.drift) == ((), ())
    assert "5 unchanged" in again.output
    sys.stdout.write(f"\nfirst up {first.seconds:.1f} s, second {again.seconds:.1f} s\n")

    data = lasting.places.state / "data" / "kept.txt"
    data.parent.mkdir()
    data.write_text("kept")
    lasting.wait_quiet()
    for _ in range(2):
        down = lasting.down().ok()
        assert "the data stays in .shop/" in down.output
        assert lasting.processes() == {}
        assert data.read_text() == "kept"

    anew = lasting.up().ok()
    assert (anew.steps, anew.drift) == (CREATED, ())
    assert lasting.serves()


def test_plain_pulumi_works_in_the_shell(lasting: Project) -> None:
    pid = lasting.supervisors()
    output = lasting.shell("pulumi stack output url -s local").ok().output
    assert output.strip() == lasting.url
    lasting.edit("infra/shop.py", "timeout_s=5", "timeout_s=6")
    preview = lasting.shell("pulumi preview -s local --non-interactive").ok()
    assert "~ 1 to update" in preview.output
    assert "4 unchanged" in preview.output
    up = lasting.shell("pulumi up -s local --yes --skip-preview --non-interactive").ok()
    assert "~ 1 updated" in up.output
    assert "4 unchanged" in up.output
    assert lasting.serves()
    assert lasting.supervisors() == pid


def test_the_code_that_runs_is_the_clones_own(lasting: Project) -> None:
    """Its environment, which another clone may share, holds packages and no clone's code."""
    assert "No module named 'infra'" in lasting.shell("cd /; python -c 'import infra'").output
    with (lasting.root / "infra" / "shop.py").open("a", encoding="utf-8") as file:
        file.write('\nimport pulumi\npulumi.log.warn(f"from {__file__}")\n')
    assert f"from {lasting.root}/infra/shop.py" in lasting.preview().ok().output
    provider = lasting.root / "infra" / "local" / "provider.py"
    provider.write_text(provider.read_text() + "\nraise PlatformError(f'from {__file__}')\n")
    assert f"from {provider}" in lasting.preview().output
