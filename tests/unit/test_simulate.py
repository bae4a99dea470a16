"""`make simulate` prints tables with their losses and writes plots that are XML."""

from pathlib import Path
from xml.etree import ElementTree  # noqa: ICN001 - its name

import pytest

from infra.cli.simulate import main, show
from infra.errors import PlatformError
from infra.simulation.scenarios import NAMES, Scenario, keep, knative, ours, scenarios
from infra.simulation.workloads import flash_sale
from infra.svg import Axis, Series, plot

_SPACE = "{http://www.w3.org/2000/svg}"


def test_the_table_names_every_contender_and_the_plots_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contenders = (ours(100), knative(), keep(60))
    show(Scenario("short", "A <sale>", lambda: [flash_sale(5, 60)], 60, 0.3, contenders), tmp_path)
    said = capsys.readouterr().out
    assert "\nA <sale> (short)\n" in said
    for each in contenders:
        assert f" {each.family} {each.setting} " in said
    assert all(f" {each}, " in said for each in ("KPA 70%", "keep 60 s"))
    for name in ("short-frontier.svg", "short-instances.svg"):
        root = ElementTree.parse(tmp_path / name).getroot()  # noqa: S314 - ours
        assert root.tag == f"{_SPACE}svg"
        assert "ours" in "".join(each.text or "" for each in root.iter(f"{_SPACE}text"))


def test_workloads_have_the_names_by_which_they_are_chosen(tmp_path: Path) -> None:
    trace = [each.name for each in scenarios("tune", None)]
    assert trace == [each for each in NAMES if each != "trace"]
    with pytest.raises(PlatformError):
        list(scenarios("held", tmp_path))


def test_a_folder_that_cannot_be_made_is_told_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--out", str(tmp_path / "file" / "plots")]) == 1
    assert "→ make simulate OUT=… names another folder" in capsys.readouterr().err


def test_a_plot_draws_each_series_inside_its_frame_and_escapes_names() -> None:
    made = plot(
        "a < b",
        Axis("x"),
        Axis("late, %", log=True, least=0.01),
        [Series("one & two", [(0, 0.0), (50, 10.0)]), Series("s", [(0, 1), (9, 5)], "steps")],
    )
    root = ElementTree.fromstring(made)  # noqa: S314 - ours
    texts = [each.text for each in root.iter(f"{_SPACE}text")]
    assert {"a < b", "one & two", "late, %"} <= set(texts)
    assert {"0.01", "0.1", "1", "10"} <= set(texts)
    places = [
        (float(each.attrib["cx"]), float(each.attrib["cy"]))
        for each in root.iter(f"{_SPACE}circle")
    ]
    assert len(places) == 2
    assert all(0 < x < 760 and 0 < y < 440 for x, y in places)


def test_a_plot_of_nothing_is_an_empty_frame() -> None:
    root = ElementTree.fromstring(plot("none", Axis("x"), Axis("y"), []))  # noqa: S314 - ours
    assert not list(root.iter(f"{_SPACE}circle"))
