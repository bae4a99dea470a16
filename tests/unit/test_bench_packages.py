"""What `make bench` makes of packages and programs: tables, goals, lines. Nothing here is timed."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from bench import cold, packages, program, synthetic
from bench.cold import Cold, Imports
from bench.declare import loaded
from bench.processes import timed
from bench.program import Runs
from infra import shop
from infra.aws.names import Names
from infra.bundles import bundles
from infra.check import problems
from infra.errors import PlatformError
from infra.model import Grant, Platform
from infra.packages.pins import pins, requirements
from infra.settings import Settings
from tests.support.program import ROOT


def measured(kb: int, compiled_ms: float, source_ms: float) -> Cold:
    return Cold(
        kb * 1000,
        {
            "required": Imports([compiled_ms + 5, compiled_ms + 1], [compiled_ms, compiled_ms]),
            "none": Imports([source_ms + 5, source_ms + 1], [source_ms, source_ms]),
        },
    )


def test_a_function_over_a_goal_is_named_with_what_it_takes() -> None:
    found = {
        "small": measured(300, 20, 59),
        "slow": measured(300, 61, 90),
        "big": measured(2001, 1, 1),
    }
    assert cold.over(found, ["small"]) == []
    assert cold.over(found, ["slow", "big"]) == [
        "slow, with bytecode: 61 ms to import, over 60",
        "slow, from source: 90 ms to import, over 60",
        "big: 2,001 KB zipped, over 2,000",
    ]


def test_the_table_has_medians_the_best_and_blanks_for_who_serves_no_health() -> None:
    serving = measured(15, 20, 40)
    serving.first_ms.extend([0.1, 0.3, 0.2])
    serving.warm_ms.extend([0.01, 0.03, 0.02])
    titles, health, other = cold.rows({"health": serving, "other": measured(2500, 1, 2)})
    assert health == ["health", "15", "20", "23", "21", "40", "43", "41", "0.2", "20"]
    assert other[-2:] == ["", ""]
    assert len(titles) == len(health) == len(other)


def test_only_the_answer_that_all_must_give_is_right() -> None:
    body = json.dumps({"stack": "bench", "status": "ok"})
    assert packages.wrong({"statusCode": 200, "body": body}) == ""
    assert "404" in packages.wrong({"statusCode": 404, "body": body})
    assert "{}" in packages.wrong({"statusCode": 200, "body": "{}"})
    assert "None" in packages.wrong({"statusCode": 200})


def test_each_function_is_run_with_the_environment_that_its_stack_gives_it() -> None:
    platform = shop.platform(Settings(target="aws"), packages.STACK)
    told = packages.environment(platform, "uploads")
    assert (told["SHOP_ADAPTERS"], told["SHOP_HANDLER"]) == ("aws", "uploads")
    names = Names(packages.STACK)
    assert json.loads(told["SHOP_BUCKETS"])["uploads"]["at"] == names.of("uploads")
    assert set(json.loads(told["SHOP_TABLES"])) == {"users", "sessions", "uploads"}


@pytest.mark.parametrize("name", packages.PEERS)
def test_a_peers_packages_are_pinned_with_all_that_they_need(name: str) -> None:
    app, wanted = packages.PEERS[name]
    known = pins((ROOT / packages.PINS).read_text())
    needs = requirements(known, wanted)
    assert needs.names == tuple(sorted(wanted))
    assert "pydantic-core==" in needs.others
    assert (ROOT / "bench" / "apps" / app / "main.py").is_file()


def programs(fixed: float, each: float) -> dict[str, Runs]:
    found = {
        program.called(count): Runs(count, [1.0], [fixed + each * count] * 3)
        for count in program.COUNTS
    }
    found[program.SHOP] = Runs(144, [1.0], [1400, 2800, 1500])
    found[program.EMPTY] = Runs(0, [1.0], [1000, 1000, 1000])
    found[program.BARE] = Runs(0, [1.0], [500, 500, 500])
    return found


def test_a_linear_program_gives_its_line_and_the_same_step_everywhere() -> None:
    found = programs(800, 50)
    line = program.fit(found)
    assert (line.fixed, line.each, line.r) == pytest.approx((800, 50, 1))
    assert program.steps(found) == pytest.approx([50, 50])


def test_a_program_that_is_not_linear_shows_it_in_its_steps() -> None:
    found = programs(800, 50)
    found["100 functions"] = Runs(100, [1.0], [20_000] * 3)
    assert program.steps(found) == pytest.approx([50, (20_000 - 2300) / 70])


def test_ours_is_compared_with_an_empty_program_of_the_same_round() -> None:
    found = programs(800, 50)
    assert program.times(found, program.EMPTY) == pytest.approx(1.5)
    assert "1.50 times" in program.verdict(found)
    assert "(under 2)" in program.verdict(found)
    found[program.SHOP] = Runs(144, [1.0], [2100, 2100, 2100])
    assert "(NOT under 2)" in program.verdict(found)


def test_a_service_counts_as_loaded_when_a_module_below_it_is_there() -> None:
    names = ("pulumi", "pulumi_aws.s3", "pulumi_aws.sqs", "pulumi_aws.sqs.queue", "x.y.z")
    assert loaded(dict.fromkeys(names)) == ["sqs"]


def test_the_made_up_shop_replaces_just_what_the_shop_states() -> None:
    made = synthetic.shop_of(3)
    stated = {name for name in vars(shop) if name.isupper()}
    assert set(made) == stated


def test_the_made_up_shop_is_right_and_each_function_of_it_has_code(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    synthetic.write_handlers(tmp_path, 2)
    made = synthetic.shop_of(2)
    platform = Platform(
        stack="many",
        functions=made["FUNCTIONS"],
        routes=made["ROUTES"],
        tables=made["TABLES"],
        grants=tuple(
            Grant(function=name, kind=kind, resource=resource, actions=frozenset(actions))
            for name, granted in made["GRANTS"].items()
            for kind, resource, actions in granted
        ),
    )
    assert list(problems(platform, "aws", local=False)) == []
    found = bundles(tmp_path, platform, "aws", "aws")
    assert list(found) == ["many000", "many001"]
    paths = {file.path for file in found["many001"].files}
    assert {"app/handlers/many001.py", "app/adapters/aws/tables.py"} <= paths


def test_a_process_that_fails_is_told_with_what_it_said() -> None:
    env = {"PATH": os.defpath}
    assert timed([sys.executable, "-I", "-c", "print('here')"], env).output == "here\n"
    failing = "import sys; sys.stderr.write('its reason'); sys.exit(3)"
    with pytest.raises(PlatformError, match=r"(?s)ended with 3:.*its reason"):
        timed([sys.executable, "-I", "-c", failing], env)
