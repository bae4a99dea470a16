"""What of a platform AWS would refuse, told before anything is declared."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from infra.aws import access, concurrency
from infra.aws.names import BUCKET_RANDOM, LONGEST
from infra.aws.shared import Shared
from infra.checks import deployed
from infra.checks.deployed import Called
from infra.errors import Problem, Refused
from infra.limits import LIMITS
from infra.model import Platform

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ACCOUNT: Final = "0" * 12
_DISTRIBUTION: Final = "d" * 14


def refuse(platform: Platform, shared: Shared, source: str) -> None:
    """Refuse what AWS would not carry out, naming `source`. Raises Refused with all of it."""
    region = shared.region
    problems = [
        *deployed.region(
            "aws:region", region, "eu-central-1", sound=_REGION.fullmatch(region) is not None
        ),
        *deployed.stack_name(platform, "S3 takes no bucket of such a name"),
        *deployed.lengths("AWS", LONGEST, _called(platform, shared), "the stack's name"),
        *deployed.queue_names(platform),
        *_environments(platform, shared),
        *concurrency.problems(platform, shared.settings),
    ]
    if problems:
        raise Refused(source, problems)


def _called(platform: Platform, shared: Shared) -> Iterator[Called]:
    names = shared.names
    for function in platform.functions:
        called = names.of(function.name)
        yield Called(kind="functions", name=function.name, what="function", whole=called)
    for table in platform.tables:
        yield Called(kind="tables", name=table.name, what="table", whole=names.of(table.name))
    for bucket in platform.buckets:
        yield Called(
            kind="buckets",
            name=bucket.name,
            what="bucket",
            whole=names.of(bucket.name),
            note=f", and {BUCKET_RANDOM} random ones more",
        )
    for queue in platform.queues:
        dead = names.dead_letters(queue.name)
        yield Called(kind="queues", name=queue.name, what="queue", whole=dead)
    for each in platform.schedules:
        yield Called(kind="schedules", name=each.name, what="rule", whole=names.of(each.name))


def _environments(platform: Platform, shared: Shared) -> Iterator[Problem]:
    most = LIMITS["aws"].environment_bytes
    known = _longest(platform, shared)
    for function in platform.functions:
        variables = access.variables(platform, function, shared.names, known)
        yield from deployed.environment("Lambda", most, function, variables)


def _longest(platform: Platform, shared: Shared) -> Mapping[str, str]:
    """What AWS alone can tell, as long as it can be."""
    names = shared.names
    queues = f"https://sqs.{shared.region}.amazonaws.com.cn/{_ACCOUNT}"
    return {
        **{
            f"at {each.name}": names.of(each.name) + "-" * BUCKET_RANDOM
            for each in platform.buckets
        },
        **{
            f"url {each.name}": f"https://{_DISTRIBUTION}.cloudfront.net"
            for each in platform.buckets
            if each.public
        },
        **{f"queue {each.name}": f"{queues}/{names.of(each.name)}" for each in platform.queues},
    }
