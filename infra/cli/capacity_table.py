"""What `make capacity` prints: demand, every derived limit, the provider's; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from infra import limits
from infra.alicloud import concurrency as on_alicloud
from infra.aws import concurrency as on_aws
from infra.capacity import StartRate
from infra.cli.columns import aligned
from infra.demand import Demand
from infra.derived import Limit
from infra.digits import number
from infra.limited import idle
from infra.model import Platform, Provider
from infra.settings import Settings
from infra.settings_traffic import Traffic

_REASON: Final = 3
_EXAMPLE: Final = """\
    traffic:
      peak: 200 # requests/s at the peak, of all routes together
      quiet: 5 # in quiet times; for these instances are kept ready
      rise_s: 60 # in so many seconds it rises from quiet to peak"""
_STARTS: Final = {
    "aws": "Lambda starts {at_once} instances of a function at once, and {per_s:g} more a second",
    "alicloud": "Function Compute starts {at_once} instances at once, and {per_s:g} more a second",
}


def without_traffic(stack: str) -> str:
    """What is said where nothing can be derived, and the way out."""
    return (
        f"stacks/Pulumi.{stack}.yaml states no traffic, so nothing is derived: what is declared "
        "and stated holds.\n"
        "To have limits follow from traffic, put this under shop:settings there:\n\n"
        f"{_EXAMPLE}\n\n"
        f'→ make capacity STACK={stack} ARGS="--peak 200" shows what would come of it'
    )


def heading(stack: str, settings: Settings, traffic: Traffic, tried: Mapping[str, float]) -> str:
    """Of what traffic all the rest speaks; `tried` is what the file does not state."""
    goal = traffic.goal
    busy = (
        f"{stack}: {traffic.peak:g} requests/s at the peak, {traffic.quiet:g} in quiet times, "
        f"rises in {traffic.rise_s:g} s, peakedness {traffic.peakedness:g}"
    )
    aims = (
        f"goal: at most {100 * goal.refused:g} % of calls refused and {100 * goal.late:g} % of "
        f"messages later than {goal.wait_ms:g} ms, used {100 * goal.used:g} %"
    )
    lines = [busy, aims]
    if settings.target == "local":
        lines.append(f"on this machine, which behaves as {settings.provider} does")
    if tried:
        what = ", ".join(f"{name} {value:g}" for name, value in tried.items())
        lines.append(f"what if: {what}, which the stack does not state; nothing is changed")
    return "\n".join(lines)


def work_table(
    platform: Platform, wanted: Demand, found: Sequence[Limit], starts: StartRate, rise_s: float
) -> str:
    """A line for each function that requests or messages reach: T = λW, and from quiet to peak.

    `platform` has the limits that hold. Times to start are those of the provider, in seconds.
    """
    rows = [("function", "calls/s", "takes ms", "in flight", "ready", "most", "starts within")]
    derived = {each.path for each in found}
    for function in platform.functions:
        work = wanted.functions.get(function.name)
        if work is None or f"functions.{function.name}.max_instances" not in derived:
            continue
        ready, most = function.scaling.min_instances, function.scaling.max_instances
        seconds = starts.seconds(most - ready)
        within = "at once" if seconds == 0 else f"{seconds:.0f} s"
        if seconds > rise_s:
            within += f", rises in {rise_s:g} s"
        rows.append(
            (
                function.name,
                number(work.rate),
                number(1000 * work.service_s),
                number(work.work),
                str(ready),
                str(most),
                within,
            )
        )
    return "\n".join(aligned(rows))


def limits_table(found: Sequence[Limit], unheld: Mapping[str, str]) -> str:
    """Every derived limit with its value, what is stated instead, and the reason.

    `unheld` has why the target does not hold some, by their kind.
    """
    rows = [("limit", "derived", "stated", "reason")]
    rows += [
        (each.path, str(each.value), "-" if each.stated is None else str(each.stated), each.reason)
        for each in found
    ]
    lines = aligned(rows, left=(0, _REASON))
    if any(each.stated is not None for each in found):
        lines.append("What is stated holds, whatever is derived.")
    short = [each for each in found if each.stated is not None and each.stated < each.value]
    if short:
        listed = ", ".join(f"{each.path} ({each.stated} of {each.value})" for each in short)
        lines.append(f"Stated for less than this traffic: {listed}.")
    return "\n".join([*lines, *idle(found, unheld)])


def provider_table(platform: Platform, settings: Settings, traffic: Traffic) -> str:
    """What the provider has for all, how much is taken of it, and what remains."""
    rows = [("what the provider limits", "taken", "of", "remains")]
    parts = _parts(platform, traffic, settings.provider)
    for what, taken, of in (*_account(platform, settings), *parts):
        remains = of - taken
        over = f"{-remains:g} too many: refused" if remains < 0 else f"{remains:g}"
        rows.append((what, f"{taken:g}", f"{of:g}", over))
    lines = aligned(rows)
    if settings.target == "aws" and (said := on_aws.told(platform, settings.aws)):
        lines.append(said)
    if settings.target == "local":
        lines.append("This machine has no account: its instances share its cores and memory.")
    return "\n".join(lines)


def starts_line(settings: Settings, starts: StartRate) -> str:
    """How fast the provider starts instances."""
    emulated = ", which the local cloud emulates" if settings.target == "local" else ""
    text = _STARTS[settings.provider].format(at_once=starts.at_once, per_s=starts.per_s)
    return f"{text}{emulated}."


def _account(platform: Platform, settings: Settings) -> Iterator[tuple[str, float, float]]:
    """What the account runs at once, of which max_instances are reserved."""
    if settings.target == "aws":
        account = settings.aws.account_concurrency
        if held := on_aws.reserved(platform, settings.aws):
            what = f"executions of the account, but for {on_aws.UNRESERVED} that none reserves"
            yield what, sum(held.values()), account - on_aws.UNRESERVED
        else:
            yield "executions of the account, none of which can be reserved", 0, account
    if settings.target == "alicloud":
        held = on_alicloud.reserved(platform)
        yield "instances of the account", sum(held.values()), settings.alicloud.account_instances


def _parts(
    platform: Platform, traffic: Traffic, provider: Provider
) -> Iterator[tuple[str, float, float]]:
    """What one part may have at most, by the part that has the most."""
    counts = provider == "aws"  # requests of all routes, and units of a table
    if counts:
        yield "requests/s of all routes", traffic.peak, limits.RATE[-1]
    most = max(platform.functions, key=lambda each: each.scaling.max_instances)
    yield f"instances of a function: {most.name}", most.scaling.max_instances, limits.INSTANCES[-1]
    for unit, key in (("read", "max_reads"), ("write", "max_writes")):
        units = {each.name: getattr(each, key) for each in platform.tables if getattr(each, key)}
        if units and counts:
            name = max(units, key=lambda each: units[each])
            yield f"{unit} units/s of a table: {name}", units[name], limits.TABLE_UNITS[-1]
    if platform.queues:
        busiest = max(platform.queues, key=lambda each: each.max_concurrency)
        what = f"consumers of a queue: {busiest.name}"
        yield what, busiest.max_concurrency, limits.CONSUMERS[-1]
