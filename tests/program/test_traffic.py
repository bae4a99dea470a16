"""What a stack states of its traffic reaches the limits that depend on it, and nothing else.

Each target's program is run for a part of the shop, before and after a change of `traffic` in the
settings. What differs in all that it declares is held against two things that know nothing of it:
which limits a change can reach, by the platform's grants; and where each limit stands there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra import settings, shop
from infra.alicloud.target import AlicloudConfig, AlicloudTarget
from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.aws.target import AwsConfig, AwsTarget
from infra.demanded import Demanded, demanded, service_time
from infra.limited import told
from infra.local.plan import LocalConfig
from infra.local.target import LocalTarget
from infra.measured import Cost
from infra.model import Platform, Throttle
from infra.packages.deployed import Code
from infra.settings import Settings
from infra.settings_traffic import Traffic
from tests.support import alicloud_program, aws_stacks, stacks
from tests.support.alicloud_stacks import code_of, shared_of
from tests.support.aws_program import REGION
from tests.support.limits import Inputs, inputs_of
from tests.support.program import ROOT, Declared
from tests.support.traffic import project, sample

pytestmark = pytest.mark.long  # the programs of three targets run, twice for each change

Leaf = tuple[str, ...]
"""A kind of resource, its name, and the keys under which a value stands in its inputs."""

PART: Mapping[str, Any] = {
    "functions": {"auth", "catalog", "carts", "notify", "sweep"},
    "routes": {"POST /users", "POST /sessions", "GET /products", "POST /cart/lines", "GET /cart"},
    "tables": {"users", "products", "stock", "carts", "notifications"},
}
# this machine's handlers have to be called as they can be
CALLED = {each.key for each in shop.ROUTES if each.function in PART["functions"]}
# so much, and shared out so, that no limit is the least or the most there can be, and no table's
# comes of a single route's burst, or of a queue's consumers
TRAFFIC: Mapping[str, Any] = {
    "peak": 2000,
    "quiet": 200,
    "mix": {
        **dict.fromkeys(CALLED, 0),
        "POST /users": 15,
        "POST /sessions": 5,
        "GET /products": 60,
        "POST /cart/lines": 20,
        "GET /cart": 15,
    },
}
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "peak": {"peak": 3000},
    "share": {"mix": {**TRAFFIC["mix"], "GET /products": 50, "POST /cart/lines": 30}},
    "goal": {"goal": {"refused": 0.01, "wait_ms": 50}},
}
SHARED_OUT = ("GET /products", "POST /cart/lines")


@dataclass(frozen=True)
class Target:
    """A stack that is changed, its program, and where the program has each limit."""

    stack: str
    program: Callable[[Platform, Settings], Declared]
    leaves: Callable[[Platform, str], Iterator[Leaf]]


def on_aws(platform: Platform, stated: Settings) -> Declared:
    """The target's program."""
    config = AwsConfig(
        shared=Shared(names=Names(platform.stack), region=REGION, settings=stated.aws),
        code={each.name: Code(Path("/nowhere"), "app.handler") for each in platform.functions},
    )
    return stacks.alone(
        platform.stack, lambda: AwsTarget("shop", platform, config).url, aws_stacks.answered
    )


def on_alicloud(platform: Platform, stated: Settings) -> Declared:
    """The target's program, at an address for trials: a domain has no throttles."""
    read = stated.alicloud.model_dump(exclude_none=True, exclude={"domain", "bucket_domains"})
    config = AlicloudConfig(shared=shared_of(platform.stack, **read), code=code_of(platform))
    return stacks.alone(
        platform.stack,
        lambda: AlicloudTarget("shop", platform, config).url,
        alicloud_program.outputs,
    )


def on_local(platform: Platform, stated: Settings) -> Declared:
    """The target's program."""
    config = LocalConfig(root=ROOT, settings=stated.local)
    return stacks.alone(
        platform.stack,
        lambda: LocalTarget("shop", platform, config).url,
        lambda args: {"url": "http://127.0.0.1:1"} if args.typ.endswith(":Gateway") else {},
    )


def aws_leaves(platform: Platform, path: str) -> Iterator[Leaf]:
    """Where a limit stands on AWS."""
    kind, name, limit = parts(path)
    board = ("cloudwatch/dashboard:Dashboard", "dashboard", "dashboardBody")
    match kind, limit:
        case "functions", "max_instances":
            yield (
                "lambda/function:Function",
                f"function-{name}-code",
                "reservedConcurrentExecutions",
            )
            yield board
            if kept_ready(platform, name):
                yield "appautoscaling/target:Target", f"function-{name}-ready-target", "maxCapacity"
        case "functions", "min_instances":
            yield "appautoscaling/target:Target", f"function-{name}-ready-target", "minCapacity"
            yield (
                "lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
                f"function-{name}-ready",
                "provisionedConcurrentExecutions",
            )
        case "routes", _:
            key = f"throttling{limit.capitalize()}Limit"
            stage = ("apigatewayv2/stage:Stage", "gateway-stage")
            place = [each.key for each in platform.routes].index(name)
            yield (*stage, "routeSettings", str(place), key)
            least = min(platform.routes, key=lambda each: getattr(each.throttle, limit))
            if least.key == name:  # for a route on its way in or out
                yield (*stage, "defaultRouteSettings", key)
        case "tables", _:
            key = f"max{limit.removeprefix('max_').removesuffix('s').capitalize()}RequestUnits"
            table = ("dynamodb/table:Table", f"table-{name}")
            yield (*table, "onDemandThroughput", key)
            (stated,) = [each for each in platform.tables if each.name == name]
            for place, _ in enumerate(stated.indexes):
                yield (*table, "globalSecondaryIndexes", str(place), "onDemandThroughput", key)
            yield board
        case "queues", _:
            yield (
                "lambda/eventSourceMapping:EventSourceMapping",
                f"consumer-{name}",
                "scalingConfig",
                "maximumConcurrency",
            )


def alicloud_leaves(platform: Platform, path: str) -> Iterator[Leaf]:
    """Where a limit stands on Alibaba Cloud, which has no burst and no caps of tables."""
    kind, name, limit = parts(path)
    match kind, limit:
        case "functions", "max_instances":
            yield (
                "fc/v3ConcurrencyConfig:V3ConcurrencyConfig",
                f"function-{name}-concurrency",
                "reservedConcurrency",
            )
            if kept_ready(platform, name):
                yield (*ready_on_alicloud(name), "targetTrackingPolicies", "0", "maxCapacity")
        case "functions", "min_instances":
            yield (*ready_on_alicloud(name), "targetTrackingPolicies", "0", "minCapacity")
            yield (*ready_on_alicloud(name), "target")
        case "routes", "rate":
            yield "apigateway/plugin:Plugin", f"gateway-api-throttle-{name}", "pluginData"


def ready_on_alicloud(name: str) -> Leaf:
    """What keeps a function's instances ready."""
    return "fc/v3ProvisionConfig:V3ProvisionConfig", f"function-{name}-ready"


def local_leaves(_: Platform, path: str) -> Iterator[Leaf]:
    """Where a limit stands on this machine, whose gateway and tables count nothing."""
    kind, name, limit = parts(path)
    match kind:
        case "functions":
            yield "index:Function", name, limit
        case "queues":
            yield "index:Queue", f"queue-{name}", limit


TARGETS = {
    "aws": Target("aws-prod", on_aws, aws_leaves),
    "alicloud": Target("alicloud-prod", on_alicloud, alicloud_leaves),
    "local": Target("local", on_local, local_leaves),
}
each_target = pytest.mark.parametrize("provider", TARGETS)
each_change = pytest.mark.parametrize("change", CHANGES)


def parts(path: str) -> tuple[str, str, str]:
    """`routes.GET /cart.rate` in three."""
    kind, _, rest = path.partition(".")
    name, _, limit = rest.rpartition(".")
    return kind, name, limit


def kept_ready(platform: Platform, function: str) -> bool:
    """Whether some of its instances are."""
    return any(e.scaling.min_instances for e in platform.functions if e.name == function)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all of the part was measured."""
    whole = shop.platform(Settings(target="local"), "local")
    return project(tmp_path_factory.mktemp("measured"), sample(stacks.part(whole, **PART)))


@cache
def made(root: Path, provider: str, change: str = "") -> tuple[Demanded, Settings]:
    """What a stack's own file makes of the part, with this traffic and no limit by hand."""
    stack = TARGETS[provider].stack
    raw = stacks.config_of(stack)["shop:settings"]
    kept = {key: raw[key] for key in ("target", "payments", provider) if key in raw}
    traffic = {**TRAFFIC, **CHANGES.get(change, {})}
    stated = settings.parse({**kept, "traffic": traffic}, stack, shop.NAMES)
    routes = CALLED if provider == "local" else PART["routes"]
    part = stacks.part(shop.platform(stated, stack), **{**PART, "routes": routes})
    return demanded(part, stated, root), stated


@cache
def declared(root: Path, provider: str, change: str = "") -> Inputs:
    """All that the target declares for it."""
    found, stated = made(root, provider, change)
    return inputs_of(TARGETS[provider].program(found.platform, stated), provider)


def values(root: Path, provider: str, change: str = "") -> dict[str, int]:
    """The derived limits by their paths."""
    return {each.path: each.value for each in made(root, provider, change)[0].limits}


def flat(value: Any, here: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Every value with the keys that lead to it."""
    match value:
        case dict():
            inner = value.items()
        case list():
            inner = dict(enumerate(value)).items()
        case _:
            yield here, value
            return
    for key, each in inner:
        yield from flat(each, (*here, str(key)))


def changed(root: Path, provider: str, change: str) -> set[Leaf]:
    """Every value that differs in what the program declares."""
    before, after = (
        {
            (*resource, *keys): value
            for resource, inputs in each.items()
            for keys, value in flat(inputs)
        }
        for each in (declared(root, provider), declared(root, provider, change))
    )
    return {leaf for leaf in before.keys() | after.keys() if before.get(leaf) != after.get(leaf)}


def reached(platform: Platform, change: str) -> set[str]:
    """The limits that a change can reach, by what the platform says of who uses what."""
    http = {each.name for each in platform.functions if platform.trigger(each.name) == "http"}
    queues = {
        *(f"queues.{each.name}.max_concurrency" for each in platform.queues),
        *(f"functions.{each.consumer}.max_instances" for each in platform.queues),
    }
    most = {f"functions.{each}.max_instances" for each in http}
    bursts = {f"routes.{each}.burst" for each in PART["routes"]}
    if change == "goal":
        return most | bursts | queues
    if change == "peak":
        rates = {f"routes.{each}.rate" for each in PART["routes"]}
        return most | bursts | rates | queues | units(platform, {*http, "notify"})
    called = {each.function for each in platform.routes if each.key in SHARED_OUT}
    return {
        *(f"functions.{each}.{of}_instances" for each in called for of in ("min", "max")),
        *(f"routes.{each}.{of}" for each in SHARED_OUT for of in ("rate", "burst")),
        *units(platform, called),
    }


def units(platform: Platform, functions: set[str]) -> set[str]:
    """The caps of the tables that these functions may use, as they may use them."""
    return {
        f"tables.{each.resource}.max_{action}s"
        for each in platform.grants
        if each.kind == "table" and each.function in functions
        for action in each.actions
    }


@each_change
@each_target
def test_a_change_of_traffic_reaches_exactly_the_limits_that_depend_on_it(
    root: Path, provider: str, change: str
) -> None:
    before, after = values(root, provider), values(root, provider, change)
    platform = made(root, provider)[0].platform
    assert before.keys() == after.keys()
    assert {path for path in before if before[path] != after[path]} == reached(platform, change)


@pytest.mark.parametrize("change", ["peak", "share", "goal"])
@each_target
def test_in_the_program_that_is_all_that_changes(root: Path, provider: str, change: str) -> None:
    """Every value of every resource is compared, and each changed one is a limit's."""
    before, after = values(root, provider), values(root, provider, change)
    platforms = [made(root, provider, each)[0].platform for each in ("", change)]
    expected = {
        leaf
        for path in before
        if before[path] != after[path]
        for platform in platforms
        for leaf in TARGETS[provider].leaves(platform, path)
    }
    assert expected
    assert changed(root, provider, change) == expected


@each_target
def test_each_limit_stands_in_the_program_as_it_was_derived(root: Path, provider: str) -> None:
    found = declared(root, provider)
    platform = made(root, provider)[0].platform
    for path, value in values(root, provider).items():
        for kind, name, *keys in TARGETS[provider].leaves(platform, path):
            if keys in (["dashboardBody"], ["pluginData"]):  # texts, of which it is a part
                assert str(value) in found[kind, name][keys[0]]
            else:
                assert dict(flat(found[kind, name]))[tuple(keys)] == value


@each_target
def test_what_the_stack_states_by_hand_is_what_holds(root: Path, provider: str) -> None:
    found, stated = made(root, provider)
    raw = stated.model_dump(exclude_none=True, exclude_defaults=True)
    by_hand = {
        "functions": {"catalog": {"max_instances": 77}, "notify": {"max_instances": 40}},
        "tables": {"users": {"max_reads": 12_345}},
        "throttle": {"rate": 32, "burst": 65},
        "routes": {"GET /cart": {"rate": 11, "burst": 22}},
        "queues": {"welcome": {"max_concurrency": 9}},
    }
    read = settings.parse({**raw, **by_hand}, "by hand", shop.NAMES)
    part = stacks.part(shop.platform(read, found.platform.stack), **PART)
    made_by_hand = demanded(part, read, root)
    holds = {each.path: each.holds for each in made_by_hand.limits}
    expected = {
        "functions.catalog.max_instances": 77,
        "functions.notify.max_instances": 40,
        "tables.users.max_reads": 12_345,
        "routes.GET /cart.rate": 11,
        "routes.GET /cart.burst": 22,
        "routes.POST /users.rate": 32,
        "queues.welcome.max_concurrency": 9,
    }
    assert {path: holds[path] for path in expected} == expected
    again = {each.path: each.holds for each in demanded(made_by_hand.platform, read, root).limits}
    assert again == holds
    untouched = {*holds} - {*expected, *(path for path in holds if path.startswith("routes."))}
    derived = values(root, provider)
    assert {path: holds[path] for path in untouched} == {path: derived[path] for path in untouched}
    lines = told(made_by_hand.limits, {})
    assert "functions.catalog.max_instances, stated: 77; demand asks" in lines


@each_target
def test_without_traffic_nothing_is_derived(root: Path, provider: str) -> None:
    _, stated = made(root, provider)
    silent = stated.model_copy(update={"traffic": None})
    platform = shop.platform(silent, "any")
    assert demanded(platform, silent, root / "nowhere") == Demanded(platform=platform)
    assert {each.throttle for each in platform.routes} == {Throttle(rate=50, burst=100)}


def test_a_faster_store_is_felt_on_a_cloud_alone(root: Path) -> None:
    """On this machine the stores' times were measured."""
    for provider in TARGETS:
        found, stated = made(root, provider)
        assert stated.traffic is not None
        faster = stated.model_copy(
            update={"traffic": stated.traffic.model_copy(update={"store_ms": 1.0})}
        )
        now = demanded(found.platform, faster, root).demand
        assert found.demand is not None
        assert now is not None
        same = now.functions["carts"].service_s == found.demand.functions["carts"].service_s
        assert same == (provider == "local")


def test_a_function_with_less_of_a_cpu_takes_longer_on_a_cloud_alone(root: Path) -> None:
    for provider in TARGETS:
        found, stated = made(root, provider)
        small = replace(
            found.platform,
            functions=tuple(replace(each, memory_mb=128) for each in found.platform.functions),
        )
        assert found.demand is not None
        now = demanded(small, stated, root).demand
        assert now is not None
        slower = now.functions["catalog"].service_s > found.demand.functions["catalog"].service_s
        assert slower == (provider != "local")


def test_a_real_provider_of_payments_takes_its_time_where_the_fake_one_was_asked() -> None:
    """Of the fake one each unit of its own table is a question, or an answer that was kept."""
    function = shop.FUNCTIONS[0]
    free = Cost(count=1, compute_ms=1, store_ms=1, calls=4, reads={"orders": 4.0})
    asked = free.model_copy(
        update={"writes": {"fake_payments": 0.5}, "reads": {"fake_payments": 1}}
    )
    for target in settings.PLACES:
        traffic = Traffic(peak=1, payment_ms=400)
        took = {
            payments: service_time(
                settings.parse({"target": target, "payments": payments}, "", shop.NAMES), traffic
            )
            for payments in ("fake", "stripe")
        }
        assert took["stripe"](function, free) == took["fake"](function, free)
        more = took["stripe"](function, asked) - took["fake"](function, asked)
        assert more == pytest.approx(1.5 * 0.4)
