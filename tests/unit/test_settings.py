"""A stack's settings are read whole, and refused whole, in words that say what to do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.check import check
from infra.errors import Refused
from infra.settings import Settings, parse, read
from infra.settings_local import Local
from infra.settings_overrides import FunctionOverrides
from infra.settings_scaling import Scaling
from infra.shop import NAMES, platform

BAD_STACKS = sorted((Path(__file__).parent / "bad_stacks").glob("*.yaml"))
SOURCE = "stacks/Pulumi.dev.yaml"


def refused(raw: object) -> dict[str, tuple[str, str, str]]:
    """What the report on `raw` says, by path."""
    with pytest.raises(Refused) as caught:
        parse(raw, SOURCE, {"functions": ["health", "order-mail"], "tables": ["users"]})
    return {p.path: (p.value, p.consequence, p.remedy) for p in caught.value.problems}


def bring_up(raw: object, source: str) -> Settings:
    """The settings as the program gets them: read, then checked on the platform they make."""
    settings = parse(raw, source, NAMES)
    local = settings.target == "local"
    check(platform(settings, "dev"), settings.provider, source, local=local)
    return settings


def report(stack: Path) -> str:
    """What a user reads when this stack file is brought up."""
    config = yaml.safe_load(stack.read_text(encoding="utf-8"))["config"]
    with pytest.raises(Refused) as caught:
        bring_up(config.get("shop:settings"), stack.name)
    return str(caught.value)


def test_the_corpus_holds_more_than_a_score_of_mistakes() -> None:
    """The parametrised test below must not pass for want of files."""
    assert len(BAD_STACKS) > 40


@pytest.mark.parametrize("stack", BAD_STACKS, ids=lambda stack: stack.stem)
def test_a_bad_stack_file_gets_its_exact_report(stack: Path) -> None:
    """Every word of the report is meant; the .txt beside each file holds it."""
    assert report(stack) == stack.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("stack", BAD_STACKS, ids=lambda stack: stack.stem)
def test_a_report_speaks_of_the_stack_and_not_of_our_tools(stack: Path) -> None:
    """No library's name, address or term reaches the user."""
    text = report(stack).lower()
    words = ("pydantic", "errors.", "validation", "traceback", "input should", "literal", "dict")
    for word in words:
        assert word not in text


def test_a_target_alone_is_enough_and_all_else_has_its_default() -> None:
    """The shortest stack file says where the shop runs."""
    assert parse({"target": "local"}, SOURCE, NAMES) == Settings(
        target="local",
        local=Local(emulate="aws", port="auto", log_max_mb=16, scaling=Scaling()),
        functions={},
    )


PLACES = ("local", "aws", "alicloud")


@pytest.mark.parametrize("target", PLACES)
def test_every_key_that_can_be_set_is_taken_over(target: str) -> None:
    """A full stack file comes back as it was written."""
    raw = {
        "target": target,
        "payments": "stripe",
        "local": {
            "emulate": "alicloud",
            "port": 8080,
            "log_max_mb": 1,
            "scaling": {
                "mode": "utilisation",
                "balance": "balanced",
                "goal": {"wait_ms": 1, "late_percent": 50, "price_s": 86_400},
                "used_percent": 100,
                "recycle": {"age_s": 0, "requests": 1, "memory_mb": 0},
            },
            "storage_port": 8081,
            "durability": "normal",
            "index_lag_ms": 20,
        },
        "aws": {
            "account_concurrency": 1000,
            "deletion_protection": False,
            "point_in_time_recovery": False,
            "version_days": 1,
            "log_days": 731,
            "log_level": "WARN",
            "tracing": True,
            "detailed_metrics": True,
            "ready_utilisation_percent": 80,
            "alarm_email": "alarms@example.com",
            "budget_usd": 7,
            "bytecode": "required",
            "domain": {
                "name": "shop.example.com",
                "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/"
                "12345678-1234-1234-1234-123456789012",
            },
        },
        "alicloud": {
            "instance": "shop-dev-1",
            "instance_type": "Capacity",
            "account_instances": 100,
            "cpu": {"auth": 0.5},
            "deletion_protection": False,
            "encrypt_tables": False,
            "expired_days": 8,
            "version_days": 1,
            "log_days": 3000,
            "ready_utilisation_percent": 80,
            "contact_group": "shop",
            "action_policy": "shop",
            "bytecode": "required",
            "domain": {"name": "shop.example.com", "certificate": "12345678-cn-hangzhou"},
            "bucket_domains": {"uploads": {"name": "files.example.com", "certificate": "1"}},
        },
        "notifications": {"by": "smtp", "sender": "shop@example.com"},
        "origins": ["https://shop.example.com", "http://127.0.0.1:8080"],
        "traffic": {
            "peak": 200.5,
            "quiet": 5.0,
            "rise_s": 30.0,
            "peakedness": 1.5,
            "mix": {"GET /products": 50.0},
            "store_ms": 4.0,
            "payment_ms": 300.0,
            "measured": "elsewhere.yaml",
            "goal": {"refused": 0.01, "late": 0.02, "wait_ms": 500.0, "used": 0.8},
        },
        "throttle": {"rate": 1, "burst": 2},
        "routes": {"POST /users": {"rate": 3, "burst": 4}},
        "tables": {"users": {"allow_replace": True, "max_reads": 1, "max_writes": 2}},
        "buckets": {"uploads": {"allow_replace": True, "pending_days": 2}},
        "queues": {
            "welcome": {
                "batch_size": 1,
                "visibility_s": 174,
                "max_attempts": 3,
                "max_concurrency": 2,
            }
        },
        "functions": {
            "health": {
                "memory_mb": 256,
                "timeout_s": 29,
                "min_instances": 1,
                "max_instances": 1,
                "queue_ms": 29000,
                "snap_start": True,
                "scheduled": {
                    "day": {"cron": "0 7 * * *", "time_zone": "Asia/Tokyo", "min_instances": 1}
                },
                "environment": {"GREETING": "你好"},
            }
        },
    }
    assert raw.keys() == Settings.model_fields.keys()
    given = {key: value for key, value in raw.items() if key == target or key not in PLACES}
    found = parse(given, SOURCE, NAMES).model_dump()
    assert {key: found[key] for key in given} == given


@pytest.mark.parametrize("target", PLACES)
def test_what_is_stated_of_another_place_has_no_effect_and_is_refused(target: str) -> None:
    others = {"local": {"port": 8080}, "aws": {"log_days": 7}, "alicloud": {"log_days": 7}}
    empty: dict[str, Any] = {place: {} for place in PLACES}
    parse({"target": target, "payments": "fake", **empty}, SOURCE, NAMES)
    found = refused({"target": target, "payments": "fake", **others})
    assert found == {
        place: (
            "",
            f"the stack's target is {target}, so this would have no effect",
            f"remove it, or write target: {place}",
        )
        for place in PLACES
        if place != target
    }


@pytest.mark.parametrize(
    ("route", "remedy"),
    [
        ("GET /nope", "write one of the ROUTES in infra/shop.py, as POST /users"),
        ("POST /user", "write POST /users"),
        ("PUT /health", "write GET /health"),
        ("nonsense", "write one of the ROUTES in infra/shop.py, as POST /users"),
    ],
)
def test_which_route_was_meant_its_path_tells_and_not_its_method(route: str, remedy: str) -> None:
    with pytest.raises(Refused) as caught:
        parse({"target": "local", "routes": {route: {"rate": 1, "burst": 1}}}, SOURCE, NAMES)
    assert [problem.remedy for problem in caught.value.problems] == [remedy]


def test_the_report_names_every_wrong_value_at_once() -> None:
    """Nobody has to bring a stack up once per mistake."""
    found = refused(
        {
            "target": "awz",
            "local": {"port": 1},
            "functions": {"health": {"memory_mb": "1"}, "order_mail": {"timeout_s": 0}},
        }
    )
    assert list(found) == [
        "functions.health.memory_mb",
        "functions.order_mail",
        "functions.order_mail.timeout_s",
        "local.port",
        "target",
    ]
    assert found["functions.order_mail"][2] == "write order-mail"


def test_the_value_under_a_secret_looking_name_is_not_repeated() -> None:
    """A report ends up in logs, and the value may be a real password."""
    names = ["DB_PASSWORD", "CLIENT_SECRET", "API_TOKEN", "SIGNING_KEY"]
    raw = {"functions": {"health": {"environment": dict.fromkeys(names, "hunter2")}}}
    found = refused({"target": "local", **raw})
    assert set(found) == {f"functions.health.environment.{name}" for name in names}
    assert "hunter2" not in str(found)


def test_no_value_of_a_variable_is_repeated() -> None:
    """Under a wrong key, as a number, as one text or in a list: it may be a password."""
    wrong: list[object] = [{"PIN": 2468}, {"DB_PASSWORD": 2468}, "PIN=2468", ["PIN=2468"]]
    for environment in wrong:
        raw = {"functions": {"health": {"environment": environment}}, "environmen": 2468}
        assert "2468" not in str(refused({"target": "local", **raw}))
    assert "2468" not in str(refused({"target": {"PIN": 2468}}))
    assert "2468" not in str(refused([{"PIN": 2468}]))


def test_a_long_value_is_cut_and_a_key_with_odd_characters_is_quoted() -> None:
    """The report stays readable whatever the file holds."""
    found = refused({"target": "x" * 500, "a.b\n": 1})
    assert len(found["target"][0]) == 60
    assert '"a.b\\n"' in found


def test_settings_cannot_be_changed_once_read() -> None:
    """What was checked is what is carried out."""
    settings = parse({"target": "local"}, SOURCE, NAMES)
    with pytest.raises(ValueError, match="frozen"):
        settings.local.log_max_mb = 1  # type: ignore[misc]  # the mistake this test is about


def test_an_override_left_out_is_no_value_of_its_own() -> None:
    """A function keeps what infra/shop.py gives it."""
    settings = parse(
        {"target": "local", "functions": {"health": {}}}, SOURCE, {"functions": ["health"]}
    )
    assert settings.functions["health"] == FunctionOverrides()
    assert settings.functions["health"].memory_mb is None


_KEYS = (
    st.sampled_from([*Settings.model_fields, *Local.model_fields, *FunctionOverrides.model_fields])
    | st.sampled_from(["health", "A", "A_KEY", "[key]", "int", ""])
    | st.text()
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("local"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)
_NEARLY = st.fixed_dictionaries(
    {"target": st.just("local") | _VALUES},
    optional={
        "local": st.dictionaries(st.sampled_from(list(Local.model_fields)), _VALUES) | _VALUES,
        "functions": st.dictionaries(
            st.sampled_from(["health", "healt"]),
            st.dictionaries(st.sampled_from(list(FunctionOverrides.model_fields)), _VALUES),
        ),
    },
)


@examples(deadline=None)  # a busy machine is no finding
@example({"target": "local", "functions": {"health": {"scheduled": {"[key]": {"target": 1}}}}})
@given(_VALUES | _NEARLY)
def test_any_json_gives_settings_or_a_report_and_nothing_else(raw: Any) -> None:
    """No value, however odd, gets through as another exception, or as text that cannot print."""
    try:
        result: Settings | Refused = bring_up(raw, SOURCE)
    except Refused as refused_whole:
        result = refused_whole
    if isinstance(result, Refused):
        assert result.problems
        assert all(problem.consequence and problem.remedy for problem in result.problems)
        lines = str(result).encode().decode().split("\n")
        assert len(lines) == 1 + 3 * len(result.problems)
        assert max(map(len, lines)) < 300


@pytest.fixture
def pulumi_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A program of stack `dev`, configured as the engine does it: by an environment variable."""
    before = pulumi.runtime.settings.SETTINGS
    pulumi.runtime.configure(pulumi.runtime.Settings(project="shop", stack="dev"))
    yield monkeypatch
    pulumi.runtime.configure(before)


def configure(environment: pytest.MonkeyPatch, **config: str) -> None:
    """State the stack's configuration, `shop__x` for `shop:x`."""
    stated = {key.replace("__", ":"): value for key, value in config.items()}
    environment.setenv("PULUMI_CONFIG", json.dumps(stated))


def test_the_stack_that_runs_is_read_from_pulumi(pulumi_stack: pytest.MonkeyPatch) -> None:
    """The engine hands our key over as one JSON text; other providers' keys are not ours."""
    configure(pulumi_stack, shop__settings='{"target": "local"}', aws__region="eu-central-1")
    assert read(NAMES) == Settings(target="local")


def test_a_refused_stack_is_named_by_its_file(pulumi_stack: pytest.MonkeyPatch) -> None:
    """The report says which file to open."""
    configure(pulumi_stack)
    with pytest.raises(Refused, match=r"^stacks/Pulumi\.dev\.yaml: 1 problem, nothing was"):
        read(NAMES)


def test_settings_that_are_a_lone_text_are_refused(pulumi_stack: pytest.MonkeyPatch) -> None:
    """Pulumi hands a scalar over as it stands, which is no JSON."""
    configure(pulumi_stack, shop__settings="local")
    with pytest.raises(Refused, match="shop:settings\n    text cannot be used here"):
        read(NAMES)


def test_settings_without_a_value_state_nothing(pulumi_stack: pytest.MonkeyPatch) -> None:
    """Pulumi hands an empty key over as an empty text; the report is that of an absent one."""
    configure(pulumi_stack, shop__settings="")
    with pytest.raises(Refused, match="→ add target: local"):
        read(NAMES)


def test_a_key_of_ours_outside_the_settings_is_refused(pulumi_stack: pytest.MonkeyPatch) -> None:
    """Pulumi would ignore it without a word; its value may be a secret, so it is not shown."""
    settings = '{"target": "local", "x": 1}'
    configure(pulumi_stack, shop__settings=settings, shop__seting="hunter2", shop__target="aws")
    with pytest.raises(Refused) as caught:
        read(NAMES)
    assert [(p.path, p.remedy) for p in caught.value.problems] == [
        ("shop:seting", "write shop:settings"),
        ("shop:target", "move it under shop:settings"),
        ("x", f"use one of: {', '.join(sorted(Settings.model_fields))}"),
    ]
    assert "hunter2" not in str(caught.value)


def test_a_stray_key_is_refused_even_beside_right_settings(
    pulumi_stack: pytest.MonkeyPatch,
) -> None:
    """A misspelt second key must not be lost because the first one is right."""
    configure(pulumi_stack, shop__settings='{"target": "local"}', shop__functions="{}")
    with pytest.raises(Refused, match="move it under shop:settings"):
        read(NAMES)
