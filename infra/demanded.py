"""A stack's platform with the limits that its traffic demands.

settings → shop.platform → measured, demand → derived limits → the platform that a target carries
out. Here alone the targets' service times, what they do not carry out and the providers' start
rates meet the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import measured
from infra.alicloud import size as on_alicloud
from infra.alicloud import unlike as on_alicloud_unlike
from infra.aws import size as on_aws
from infra.aws import unlike as on_aws_unlike
from infra.capacity import START_RATES
from infra.demand import Demand, Seconds, demand
from infra.derived import Limit, derive
from infra.limited import limited
from infra.local import size as on_local
from infra.local import unlike as on_local_unlike
from infra.measured import Cost
from infra.model import Function, Platform
from infra.settings import Settings
from infra.settings_traffic import Traffic
from infra.shop_payments import only_with

Derivation = Callable[[Traffic], tuple[Demand, tuple[Limit, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanded:
    """The platform as it is carried out, what was derived for it, and from what.

    Without stated traffic the platform is what is declared and stated, and there is no demand.
    """

    platform: Platform
    limits: tuple[Limit, ...] = ()
    demand: Demand | None = None


def demanded(platform: Platform, settings: Settings, root: Path) -> Demanded:
    """`platform`, made of these settings of the project at `root`, with what its traffic demands.

    It is not yet checked. Raises Refused where traffic is stated and the file of what was measured
    does not serve it.
    """
    if settings.traffic is None:
        return Demanded(platform=platform)
    wanted, limits = derivation(platform, settings, settings.traffic, root)(settings.traffic)
    return Demanded(platform=limited(platform, limits), limits=limits, demand=wanted)


def derivation(platform: Platform, settings: Settings, traffic: Traffic, root: Path) -> Derivation:
    """What follows from traffic on this platform, with what was measured for this `traffic`.

    Of this one come the file, which is read once, and how long stores and payments take. Raises
    Refused, as what it returns does.
    """
    found = measured.read(root / "stacks" / traffic.measured)
    source = f"stacks/Pulumi.{platform.stack}.yaml with stacks/{traffic.measured}"
    by_hand, seconds = stated(settings, platform), service_time(settings, traffic)

    def derived(there: Traffic) -> tuple[Demand, tuple[Limit, ...]]:
        wanted = demand(platform, there, found, seconds, source)
        return wanted, derive(platform, there, wanted, by_hand, START_RATES[settings.provider])

    return derived


def service_time(settings: Settings, traffic: Traffic) -> Seconds:
    """What a call of this traffic takes a function where the stack runs, in seconds."""
    store_ms, payment_ms = traffic.store_ms, traffic.payment_ms

    def here(function: Function, cost: Cost) -> float:
        match settings.target:
            case "aws":
                return on_aws.seconds(function.memory_mb, cost, store_ms)
            case "alicloud":
                usual = on_alicloud.cpu(function.memory_mb)
                vcpus = settings.alicloud.cpu.get(function.name, usual)
                return on_alicloud.seconds(vcpus, cost, store_ms)
            case "local":
                return on_local.seconds(cost)

    def paying(function: Function, cost: Cost) -> float:
        return here(function, cost) + payments_of(cost) * payment_ms / 1000

    return here if settings.provider_of_payments == "fake" else paying


def unheld(settings: Settings) -> Mapping[str, str]:
    """By kind of limit, as `tables.max_reads`, why the stack's target holds nothing to it."""
    match settings.target:
        case "aws":
            return on_aws_unlike.UNLIKE
        case "alicloud":
            at_domain = on_alicloud_unlike.AT_DOMAIN if settings.alicloud.domain else {}
            return {**on_alicloud_unlike.UNLIKE, **at_domain}
        case "local":
            return on_local_unlike.UNLIKE


def payments_of(cost: Cost) -> float:
    """How often the provider of payments was asked, at most.

    It was the fake one when this was measured, whose answers are rows of tables of its own.
    """
    own = only_with("fake")["tables"]
    return sum(each.get(table, 0.0) for each in (cost.reads, cost.writes) for table in own)


def stated(settings: Settings, platform: Platform) -> Mapping[str, int]:
    """The limits that the stack states by hand, by path, as `functions.auth.max_instances`."""
    found: dict[str, int | None] = {}
    for name, each in settings.functions.items():
        found[f"functions.{name}.min_instances"] = each.min_instances
        found[f"functions.{name}.max_instances"] = each.max_instances
    for route in platform.routes:
        throttle = settings.routes.get(route.key, settings.throttle)
        found[f"routes.{route.key}.rate"] = throttle.rate if throttle else None
        found[f"routes.{route.key}.burst"] = throttle.burst if throttle else None
    for name, table in settings.tables.items():
        found[f"tables.{name}.max_reads"] = table.max_reads
        found[f"tables.{name}.max_writes"] = table.max_writes
    for name, queue in settings.queues.items():
        found[f"queues.{name}.max_concurrency"] = queue.max_concurrency
    return {path: value for path, value in found.items() if value is not None}
