"""`make capacity` shows what follows from a stack's traffic, or from traffic that is tried out."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # noqa: ICN001 - its name

import pytest
import yaml

from infra import capacity as formulas
from infra.alicloud.unlike import AT_DOMAIN, UNLIKE
from infra.capacity import START_RATES
from infra.cli import capacity
from infra.cli import capacity_table as tables
from infra.cli.capacity_plots import Point, plots, refused_share, sweep
from infra.cli.columns import aligned
from infra.demand import Demand, Work
from infra.derived import Limit
from infra.model import Function, Platform, Queue, Route, Scaling, Schedule, Table
from infra.settings import Settings
from infra.settings_traffic import Traffic
from infra.shop_traffic import MIX
from infra.svg import Axis, Mark, Series, plot
from tests.support.program import ROOT

_SPACE = "{http://www.w3.org/2000/svg}"
COST = {"count": 9, "compute_ms": 2, "store_ms": 1, "calls": 2, "reads": {"products": 1.5}}
TOO_MANY = "15 too many: refused"
TRAFFIC = Traffic(peak=100)
STARTS = START_RATES["alicloud"]


def function(name: str, most: int = 10, least: int = 0) -> Function:
    return Function(name=name, scaling=Scaling(min_instances=least, max_instances=most))


SHOP = Platform(
    stack="s",
    functions=(function("shop", 900, 2), function("letters", 5), function("clock")),
    routes=(Route(method="GET", path="/", function="shop"),),
    queues=(Queue(name="letters", consumer="letters", max_concurrency=5),),
    schedules=(Schedule(name="clock", function="clock", every_minutes=1),),
    tables=(Table(name="goods", partition="good", max_reads=50_000, max_writes=70),),
)
WANTED = Demand(
    routes={"GET /": 100},
    functions={
        "shop": Work(rate=100, service_s=0.05),
        "letters": Work(rate=4, service_s=0.5),
        "clock": Work(rate=1, service_s=0.1),
    },
    queues={"letters": Work(rate=4, service_s=0.5)},
    tables={},
)
FOUND = (
    Limit(path="functions.shop.max_instances", value=18, reason="busy", stated=900),
    Limit(path="functions.letters.max_instances", value=5, reason="its queue"),
    Limit(path="routes.GET /.rate", value=143, reason="used", stated=50),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose requests were measured, each alike."""
    (tmp_path / "stacks").mkdir()
    for file in (ROOT / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy(file, tmp_path / "stacks")
    found = {
        "requests": {key: {**COST, "sends": {"events": 1}} for key in MIX},
        "messages": {"events": COST, "welcome": COST},
        "runs": {"sweep": COST, "settle": COST},
    }
    (tmp_path / "stacks" / "measured.yaml").write_text(yaml.safe_dump(found))
    return tmp_path


def settings(**more: Any) -> Settings:
    return Settings.model_validate({"target": "local", **more})


def texts(document: str) -> list[str]:
    root = ElementTree.fromstring(document)  # noqa: S314 - ours
    return [each.text or "" for each in root.iter(f"{_SPACE}text")]


# The command.


def test_what_is_tried_out_is_derived_with_plots_and_changes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (root / "stacks/Pulumi.aws-prod.yaml").read_bytes()
    words = ["--stack", "aws-prod", "--peak", "400", "--rise-s", "20"]
    assert capacity.main([*words, "--out", str(root / "plots")], root) == 0
    said = capsys.readouterr().out
    assert said.startswith("aws-prod: 400 requests/s at the peak, 20 in quiet times, rises in 20 s")
    assert (
        "what if: peak 400, rise_s 20, which the stack does not state; nothing is changed" in said
    )
    for part in (
        "\nfunctions.auth.max_instances ",
        "\nroutes.POST /orders.rate ",
        "\ntables.products.max_reads ",
        "\nqueues.events.max_concurrency ",
        "\nexecutions of the account, but for 100 that none reserves ",
        "\nLambda starts 1000 instances of a function at once, and 100 more a second.\n",
    ):
        assert part in said
    assert (root / "stacks/Pulumi.aws-prod.yaml").read_bytes() == before
    found = {each.name: texts(each.read_text()) for each in (root / "plots").iterdir()}
    assert found.keys() == {"instances.svg", "refused.svg", "waiting.svg"}
    assert all("peak 400" in each for each in found.values())
    assert "goal 0.1 %" in found["refused.svg"]
    assert "goal 1 %" in found["waiting.svg"]


def test_without_traffic_the_example_that_is_shown_can_be_pasted(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert capacity.main(["--stack", "local"], root) == 0
    said = capsys.readouterr().out
    assert 'make capacity STACK=local ARGS="--peak 200"' in said
    assert not (root / "build").exists()
    example = said[said.index("    traffic:") : said.index("→")]
    file = root / "stacks/Pulumi.local.yaml"
    file.write_text(
        file.read_text().replace("    target: local\n", f"    target: local\n{example}")
    )
    found = capacity.settings_of(root, "local", {})
    assert found.traffic == Traffic(peak=200, quiet=5, rise_s=60)
    assert capacity.settings_of(root, "local", {"peak": 300}).traffic == Traffic(
        peak=300, quiet=5, rise_s=60
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--peak", "0"], "stacks/Pulumi.local.yaml with --peak 0: 1 problem"),
        (["--peak", "5", "--quiet", "6"], "traffic.quiet: 6"),
        (["--rise-s", "5"], "traffic.peak"),
        (["--peak", "nan"], "traffic.peak"),
    ],
)
def test_what_cannot_be_tried_out_is_refused_as_settings_are(
    root: Path, words: Sequence[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert capacity.main(words, root) == 1
    assert part in capsys.readouterr().err


def test_a_shop_that_was_never_measured_has_a_way_out(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "stacks" / "measured.yaml").unlink()
    assert capacity.main(["--peak", "5"], root) == 1
    assert "make measure" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told_with_the_way_out(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "file").write_text("")
    assert capacity.main(["--peak", "5", "--out", str(root / "file" / "x")], root) == 1
    assert "→ make capacity OUT=… names another folder" in capsys.readouterr().err


# The tables.


def test_the_table_has_each_limit_with_what_is_stated_instead_and_the_reason() -> None:
    assert tables.limits_table(FOUND, {}).splitlines() == [
        "limit                            derived  stated  reason",
        "functions.shop.max_instances          18     900  busy",
        "functions.letters.max_instances        5       -  its queue",
        "routes.GET /.rate                    143      50  used",
        "What is stated holds, whatever is derived.",
        "Stated for less than this traffic: routes.GET /.rate (50 of 143).",
    ]
    assert len(tables.limits_table(FOUND[1:2], {}).splitlines()) == 2


@pytest.mark.parametrize(
    ("stack", "domain", "lines"),
    [
        ("aws-prod", True, []),
        (
            "alicloud-prod",
            True,
            [
                f"throttle.burst, throttle.rate here: {AT_DOMAIN['throttle.rate']}",
                f"tables.max_reads here: {UNLIKE['tables.max_reads']}",
            ],
        ),
        (
            "alicloud-prod",
            False,
            [
                f"throttle.burst here: {UNLIKE['throttle.burst']}",
                f"tables.max_reads here: {UNLIKE['tables.max_reads']}",
            ],
        ),
    ],
)
def test_limits_that_the_stacks_target_does_not_hold_are_named(
    stack: str,
    lines: Sequence[str],
    root: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    domain: bool,
) -> None:
    file = root / f"stacks/Pulumi.{stack}.yaml"
    if not domain:
        stated = yaml.safe_load(file.read_text())
        del stated["config"]["shop:settings"]["alicloud"]["domain"]
        file.write_text(yaml.safe_dump(stated))
    assert capacity.main(["--stack", stack, "--out", str(root / "plots")], root) == 0
    said = capsys.readouterr().out.splitlines()
    assert [each for each in said if each.startswith("Nothing comes")] == [
        f"Nothing comes of {each}." for each in lines
    ]


def test_how_long_the_provider_starts_from_quiet_to_peak_is_told_for_each_function() -> None:
    """Function Compute has 300 at once and 5 a second: (900 - 2 - 300) / 5 s."""
    assert tables.work_table(SHOP, WANTED, FOUND, STARTS, rise_s=60).splitlines() == [
        "function  calls/s  takes ms  in flight  ready  most         starts within",
        "shop          100        50          5      2   900  120 s, rises in 60 s",
        "letters         4       500          2      0     5               at once",
    ]


@pytest.mark.parametrize(
    ("stated", "lines"),
    [
        (
            {"target": "aws", "aws": {"account_concurrency": 1000}},
            {"executions of the account, but for 100 that none reserves  915  900  " + TOO_MANY},
        ),
        (
            {"target": "aws"},
            {"executions of the account, none of which can be reserved  0  10  10"},
        ),
        (
            {"target": "alicloud", "alicloud": {"account_instances": 2000}},
            {"instances of the account  915  2000  1085"},
        ),
        (
            {},
            {
                "requests/s of all routes  100  10000  9900",
                "instances of a function: shop  900  1000  100",
                "read units/s of a table: goods  50000  40000  10000 too many: refused",
                "write units/s of a table: goods  70  40000  39930",
                "consumers of a queue: letters  5  1000  995",
                "This machine has no account: its instances share its cores and memory.",
            },
        ),
    ],
)
def test_what_the_provider_has_stands_beside_what_is_taken_of_it(
    stated: Mapping[str, Any], lines: set[str]
) -> None:
    said = tables.provider_table(SHOP, settings(**stated), TRAFFIC)
    assert lines <= {re.sub(" {2,}", "  ", each) for each in said.splitlines()}
    assert ("Lambda keeps 100" in said) == (stated == {"target": "aws"})
    counts = stated.get("target") != "alicloud"  # requests, and units of tables
    assert ("requests/s" in said, "units/s" in said) == (counts, counts)


def test_columns_are_aligned() -> None:
    assert aligned([("a", "bc", "d"), ("ab", "c", "ef g")], left=(0, 2)) == [
        "a   bc  d",
        "ab   c  ef g",
    ]


# The plots.


@pytest.mark.parametrize("load", [0.1, 1.0, 7.3, 40.0, 300.0])
@pytest.mark.parametrize("peakedness", [1.0, 2.0, 5.5])
def test_with_the_instances_that_are_derived_no_more_than_the_goal_is_refused(
    load: float, peakedness: float
) -> None:
    work = Work(rate=load, service_s=1)
    least = formulas.least_refusing(load, 0.001)
    given = formulas.least_peaked(least, formulas.carried_refusing(least, 0.001), peakedness)
    assert refused_share(work, given, 0, peakedness) <= 0.001
    fewer = formulas.refused(load, given - 1)
    assert refused_share(work, given - 1, 0, 1.0) == pytest.approx(fewer, rel=1e-9)
    queued = formulas.waits_longer(load, given, 1, 0.2)
    assert refused_share(work, given, 200, 1.0) == pytest.approx(queued, rel=1e-9, abs=1e-300)


def test_more_load_is_refused_more_through_the_point_where_all_are_busy() -> None:
    shares = [refused_share(Work(rate=each / 4, service_s=1), 20, 0, 2) for each in range(1, 200)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


def at(load: float) -> tuple[Demand, tuple[Limit, ...]]:
    """All rates as many times WANTED's, and an instance for each 10 requests/s."""
    times = load / 100

    def scaled(works: Mapping[str, Work]) -> dict[str, Work]:
        return {
            key: Work(rate=each.rate * times, service_s=each.service_s)
            for key, each in works.items()
        }

    wanted = Demand(
        routes={"GET /": load},
        functions=scaled(WANTED.functions),
        queues=scaled(WANTED.queues),
        tables={},
    )
    return wanted, (Limit(path=FOUND[0].path, value=int(load / 10) + 1, reason="", stated=900),)


def test_loads_go_up_to_twice_the_peak_which_is_one_of_them() -> None:
    points = sweep(100, at)
    loads = [each.load for each in points]
    assert loads == sorted(loads)
    assert (100 in loads, loads[-1]) == (True, 200)
    assert all(each.wanted.routes["GET /"] == each.load for each in points)


def test_plots_name_what_holds_and_leave_out_what_is_next_to_nothing() -> None:
    points: list[Point] = sweep(100, at)
    found = {name: texts(text) for name, text in plots(SHOP, TRAFFIC, points)}
    assert "shop: 11, stated 900" in found["instances.svg"]
    assert "shop: of 900, ~0" in found["refused.svg"]
    assert "letters: of 5" in found["waiting.svg"]
    for name, words in found.items():
        assert "requests/s, of all routes together" in words
        assert "peak 100" in words, f"{name}: also where nothing is drawn"
        assert not any("clock" in each for each in words), f"{name}: it runs by the clock"
    assert {"instances", "refused, %", "late, %"} <= {
        word for each in found.values() for word in each
    }


def test_a_plot_has_marks_inside_of_it_only_and_keys_that_show_how_lines_are_broken() -> None:
    line = [(0.0, 1.0), (10.0, 1000.0)]
    marks = [Mark(5, "inside"), Mark(11, "beyond"), Mark(10, "level", upright=False)]
    document = plot(
        "title",
        Axis("x"),
        Axis("y", log=True, least=0.1, most=100),
        [Series(f"s{each}", line, "curve") for each in range(8)],
        marks,
    )
    words = texts(document)
    assert {"inside", "level", "s7", "100"} <= set(words)
    assert not {"beyond", "1000"} & set(words)
    root = ElementTree.fromstring(document)  # noqa: S314 - ours
    assert not list(root.iter(f"{_SPACE}circle")), "a curve is bare"
    broken = [
        each.attrib
        for each in root.iter(f"{_SPACE}path")
        if each.attrib.get("stroke-dasharray") not in (None, "5 4")
    ]
    assert len(broken) == 2, "the eighth line, and its key"
    assert all("-" not in each["d"] for each in broken), "nothing is drawn outside of the frame"
