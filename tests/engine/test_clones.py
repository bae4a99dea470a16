"""Two clones on one machine do not meet."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project, opened


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Project]]:
    """Two copies of the checkout, one in a folder with a difficult name."""
    folder = tmp_path_factory.mktemp("pair")
    with opened(folder / "shop") as one, opened(folder / "100%20 shop") as other:
        yield one, other


def test_two_clones_run_side_by_side(pair: tuple[Project, Project]) -> None:
    one, other = pair
    assert one.places.port != other.places.port
    other.edit("app/handlers/health.py", '"status": "ok"', '"status": "other"')
    starts = [each.start("up") for each in pair]
    for started in starts:
        started.finish().ok()
    assert one.get().json() == {"status": "ok", "stack": "local"}
    assert other.get().json() == {"status": "other", "stack": "local"}
    assert not set(one.processes()) & set(other.processes())

    one.down().ok()
    assert one.processes() == {}
    assert other.serves()
    again = other.up().ok()
    assert (again.steps, again.drift) == ((), ())
