"""`make up`, `preview`, `down` and `shell` from the first to the last, with the real engine.

In order: each test goes on with what the one before left.
"""

import sys
from collections.abc import Iterator

import pytest

from tests.support.fixtures import emulating
from tests.support.project import Project, opened
from tests.support.steps import Step

CREATED = (
    Step("Function health", "create"),
    Step("Gateway gateway", "create"),
    Step("Runtime runtime", "create"),
    Step("Target shop", "create"),
)


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """A copy of the checkout with a small shop, not up yet, for all tests here."""
    with opened(tmp_path_factory.mktemp("lived") / "shop") as made:
        yield emulating(made, pytestconfig)


def test_a_preview_before_the_first_up_creates_and_starts_nothing(lived: Project) -> None:
    seen = lived.preview().ok()
    assert seen.steps == CREATED
    assert not lived.supervisors()
    assert not lived.places.lock.exists()
    assert not lived.places.code.exists()
    lived.wait_quiet()


def test_up_and_down_can_be_repeated_and_data_stays(lived: Project) -> None:
    first = lived.up().ok()
    assert first.steps == CREATED
    assert f"The shop answers at {lived.url}\n" in first.output
    answer = lived.get()
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "stack": "local"})

    again = lived.up().ok()
    assert (again.steps, again.drift) == ((), ())
    assert "5 unchanged" in again.output
    sys.stdout.write(f"\nfirst up {first.seconds:.1f} s, second {again.seconds:.1f} s\n")

    data = lived.places.state / "data" / "kept.txt"
    data.parent.mkdir()
    data.write_text("kept")
    lived.wait_quiet()
    for _ in range(2):
        down = lived.down().ok()
        assert "the data stays in .shop/" in down.output
        assert lived.processes() == {}
        assert data.read_text() == "kept"

    anew = lived.up().ok()
    assert (anew.steps, anew.drift) == (CREATED, ())
    assert lived.serves()


def test_plain_pulumi_works_in_the_shell(lived: Project) -> None:
    pid = lived.supervisors()
    output = lived.shell("pulumi stack output url -s local").ok().output
    assert output.strip() == lived.url
    lived.edit("infra/shop.py", "timeout_s=5", "timeout_s=6")
    preview = lived.shell("pulumi preview -s local --non-interactive").ok()
    assert "~ 1 to update" in preview.output
    assert "4 unchanged" in preview.output
    up = lived.shell("pulumi up -s local --yes --skip-preview --non-interactive").ok()
    assert "~ 1 updated" in up.output
    assert "4 unchanged" in up.output
    assert lived.serves()
    assert lived.supervisors() == pid


def test_the_code_that_runs_is_the_clones_own(lived: Project) -> None:
    """Its environment, which another clone may share, holds packages and no clone's code."""
    assert "No module named 'infra'" in lived.shell("cd /; python -c 'import infra'").output
    with (lived.root / "infra" / "shop.py").open("a", encoding="utf-8") as file:
        file.write('\nimport pulumi\npulumi.log.warn(f"from {__file__}")\n')
    assert f"from {lived.root}/infra/shop.py" in lived.preview().ok().output
    provider = lived.root / "infra" / "local" / "provider.py"
    provider.write_text(provider.read_text() + "\nraise PlatformError(f'from {__file__}')\n")
    assert f"from {provider}" in lived.preview().output
