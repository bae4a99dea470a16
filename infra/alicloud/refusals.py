"""What of a platform Alibaba Cloud would refuse, told before anything is declared."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from infra.alicloud import access, concurrency, routes, size
from infra.alicloud.api import calls
from infra.alicloud.bucket import url
from infra.alicloud.logs import STORE
from infra.alicloud.names import CODE, LONGEST
from infra.alicloud.places import Places
from infra.alicloud.shared import Shared
from infra.checks import deployed
from infra.checks.deployed import Called
from infra.errors import Problem, Refused
from infra.limits import LIMITS
from infra.model import Platform
from infra.naming import choose

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+(-[0-9]+)?")
_ACCOUNT: Final = "0" * 16
_TRIGGERS: Final = 50  # help/en/functioncompute/fc/product-overview/limits-of-usage


def refuse(platform: Platform, shared: Shared, source: str) -> None:
    """Refuse what Alibaba Cloud would not carry out, naming `source`. Raises Refused with it."""
    region = shared.region
    problems = [
        *deployed.region(
            "alicloud:region", region, "cn-hangzhou", sound=_REGION.fullmatch(region) is not None
        ),
        *_instance(shared),
        *deployed.stack_name(platform, "not every service takes such a name"),
        *deployed.lengths("Alibaba Cloud", LONGEST, _called(platform, shared), _SHORTER),
        *deployed.queue_names(platform),
        *_named(platform, shared),
        *_domains(shared),
        *_buckets(platform),
        *_indexes(platform, shared),
        *_secrets(platform),
        *_sizes(platform, shared),
        *_triggers(platform),
        *_access(platform, shared),
        *_gateway(platform, shared),
        *concurrency.problems(platform, shared.settings),
        *(routes.problems(platform) if shared.settings.domain else ()),
    ]
    if problems:
        raise Refused(source, problems)


_SHORTER: Final = "the stack's name or alicloud.instance"


def _instance(shared: Shared) -> Iterator[Problem]:
    if not shared.settings.instance:
        yield Problem(
            "alicloud.instance",
            "",
            "TableStore makes up no name for an instance, and no one else's may be taken",
            "write one of your own in 3 to 16 letters, digits and hyphens, as shop-dev-1",
        )


def _called(platform: Platform, shared: Shared) -> Iterator[Called]:
    names = shared.names
    for function in platform.functions:
        called = names.of(function.name)
        yield Called(kind="functions", name=function.name, what="function", whole=called)
    for bucket in platform.buckets:
        called = names.bucket(bucket.name)
        yield Called(kind="buckets", name=bucket.name, what="bucket", whole=called)
    for queue in platform.queues:
        dead = names.dead_letters(queue.name)
        yield Called(kind="queues", name=queue.name, what="queue", whole=dead)
    for secret in sorted({each.resource for each in platform.grants if each.kind == "secret"}):
        yield Called(kind="secrets", name=secret, what="secret", whole=names.of(secret))


def _named(platform: Platform, shared: Shared) -> Iterator[Problem]:
    """Settings of what is not there."""
    for kind, stated, known in (
        ("cpu", shared.settings.cpu, [each.name for each in platform.functions]),
        ("bucket_domains", shared.settings.bucket_domains, [e.name for e in platform.buckets]),
    ):
        for name in stated:
            if name not in known:
                yield Problem(
                    f"alicloud.{kind}.{name}",
                    name,
                    "there is nothing of this name, so this would have no effect",
                    choose(name, known),
                )


def _domains(shared: Shared) -> Iterator[Problem]:
    """Domains that would have to lead to two places."""
    stated = shared.settings
    taken = {stated.domain.name: "the shop"} if stated.domain else {}
    for bucket, domain in stated.bucket_domains.items():
        other = taken.setdefault(domain.name, f"the bucket {bucket}")
        if other != f"the bucket {bucket}":
            yield Problem(
                f"alicloud.bucket_domains.{bucket}.name",
                domain.name,
                f"{other} has this domain already, and it cannot lead to two places",
                f"write another one, as {bucket}.example.com",
            )


def _buckets(platform: Platform) -> Iterator[Problem]:
    for each in platform.buckets:
        if each.name == CODE:
            yield Problem(
                f"buckets.{each.name}",
                each.name,
                "the bucket that the functions' packages lie in has this name already",
                "choose another name",
            )


def _indexes(platform: Platform, shared: Shared) -> Iterator[Problem]:
    """Indexes are tables of the instance: two of one name are one too many."""
    named = [(f"tables.{each.name}", each.name) for each in platform.tables]
    for table in platform.tables:
        for index in table.indexes:
            called = shared.names.index(table.name, index.name)
            named.append((f"tables.{table.name}.indexes.{index.name}", called))
    counted = Counter(called for _, called in named)
    for path, called in named:
        if counted[called] > 1 and ".indexes." in path:
            yield Problem(
                path,
                called,
                "TableStore keeps an index as a table, and another has this name already",
                "choose another name",
            )


def _secrets(platform: Platform) -> Iterator[Problem]:
    """Secrets that a function could read in KMS, by another's pattern, without their grant."""
    granted = [each for each in platform.grants if each.kind == "secret"]
    names = sorted({each.resource for each in granted})
    for each in granted:
        own = {other.resource for other in granted if other.function == each.function}
        for name in names:
            if name.startswith(each.resource) and name not in own:
                yield Problem(
                    f"grants.{each.function}.secret.{each.resource}",
                    name,
                    "KMS keeps a parameter's value under a name around its own, so whoever may "
                    f"read {each.resource} there could read this one, too",
                    f"choose a name that does not begin with {each.resource}, or grant it too",
                )


def _sizes(platform: Platform, shared: Shared) -> Iterator[Problem]:
    for each in platform.functions:
        stated = shared.settings.cpu.get(each.name)
        if stated is not None and not size.fits(stated, each.memory_mb):
            least, most = size.range_of(each.memory_mb)
            yield Problem(
                f"alicloud.cpu.{each.name}",
                f"{stated:g}",
                f"Function Compute gives, for each GB, a quarter to one vCPU, in steps of "
                f"{size.STEP}; this one has {each.memory_mb} MB",
                f"write {least} to {most}, or change memory_mb",
            )


def _triggers(platform: Platform) -> Iterator[Problem]:
    """Functions that more calls than may; what the routes need is one trigger for all of them."""
    called = (
        *(each.consumer for each in platform.queues),
        *(each.function for each in platform.schedules),
    )
    for function, count in Counter(called).items():
        if count > _TRIGGERS:
            yield Problem(
                f"functions.{function}",
                f"{count} queues and schedules call it",
                f"Function Compute takes {_TRIGGERS} triggers of one function",
                "let another function take some of them",
            )


def _access(platform: Platform, shared: Shared) -> Iterator[Problem]:
    most = LIMITS["alicloud"].environment_bytes
    places = Places(shared.names, shared.region, _ACCOUNT)
    urls = {name: url(domain) for name, domain in shared.settings.bucket_domains.items()}
    for each in platform.functions:
        variables = access.variables(platform, each, places, urls)
        yield from deployed.environment("Function Compute", most, each, variables)
        scheduled = platform.trigger(each.name) == "schedule"
        failed = shared.names.of(deployed.FAILED) if scheduled else None
        yield from _policy(
            f"functions.{each.name}",
            access.policy(platform, each.name, places, logs=STORE, failed=failed),
            "policy of its role, for its grants",
            "grant it less, or give part of its work to another function",
        )


def _gateway(platform: Platform, shared: Shared) -> Iterator[Problem]:
    """A policy that names too many functions: API Gateway calls them in one role."""
    if not shared.settings.domain:
        routed = sorted({route.function for route in platform.routes})
        yield from _policy(
            "routes",
            calls(routed, Places(shared.names, shared.region, _ACCOUNT)),
            f"policy of API Gateway's role, for the {len(routed)} functions that have routes",
            "give some of them to other functions, or state alicloud.domain, which needs no role",
        )


def _policy(path: str, document: str, whose: str, remedy: str) -> Iterator[Problem]:
    bytes_of = len(document.encode())
    if bytes_of > access.LONGEST_POLICY:
        consequence = f"RAM takes {access.LONGEST_POLICY}"
        yield Problem(path, f"{bytes_of} bytes in the {whose}", consequence, remedy)
