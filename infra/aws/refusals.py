"""What of a platform AWS would refuse, told before anything is declared."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from infra.aws import access, concurrency
from infra.aws.names import BUCKET_RANDOM, FAILED, LONGEST
from infra.aws.shared import Shared
from infra.errors import Problem, Refused
from infra.limits import LIMITS
from infra.model import Platform
from infra.naming import is_hyphened

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ACCOUNT: Final = "0" * 12
_DISTRIBUTION: Final = "d" * 14


def refuse(platform: Platform, shared: Shared, source: str) -> None:
    """Refuse what AWS would not carry out, naming `source`. Raises Refused with all of it."""
    problems = [
        *_region(shared.region),
        *_stack(platform),
        *_lengths(platform, shared),
        *_queues(platform),
        *_environments(platform, shared),
        *concurrency.problems(platform, shared.settings),
    ]
    if problems:
        raise Refused(source, problems)


def _region(region: str) -> Iterator[Problem]:
    if not region:
        yield Problem(
            "aws:region",
            "",
            "where in the world the shop would run could not be told",
            "write aws:region: eu-central-1, or another region, under config in the stack's file",
        )
    elif not _REGION.fullmatch(region):
        yield Problem(
            "aws:region",
            region,
            "AWS has no region of this name",
            "write the region's code, as eu-central-1",
        )


def _stack(platform: Platform) -> Iterator[Problem]:
    if not is_hyphened(platform.stack):
        yield Problem(
            "stack",
            platform.stack,
            "its name is part of every name, and S3 takes no bucket of such a name",
            "use lower-case letters and digits, a letter first, words joined by hyphens",
        )


def _lengths(platform: Platform, shared: Shared) -> Iterator[Problem]:
    names = shared.names
    found = [
        *(("functions", each.name, "function", names.of(each.name)) for each in platform.functions),
        *(("tables", each.name, "table", names.of(each.name)) for each in platform.tables),
        *(("buckets", each.name, "bucket", names.of(each.name)) for each in platform.buckets),
        *(
            ("queues", each.name, "queue", names.dead_letters(each.name))
            for each in platform.queues
        ),
        *(("schedules", each.name, "rule", names.of(each.name)) for each in platform.schedules),
    ]
    for kind, name, called, whole in found:
        over = len(whole) - LONGEST[called]
        if over > 0:
            more = f", and {BUCKET_RANDOM} random ones more" if called == "bucket" else ""
            yield Problem(
                f"{kind}.{name}",
                f"{len(whole)} characters in {whole}{more}",
                f"AWS takes {LONGEST[called]} in the name of a {called}",
                f"shorten it, or the stack's name, by {over}",
            )


def _queues(platform: Platform) -> Iterator[Problem]:
    names = [each.name for each in platform.queues]
    for name, count in Counter([FAILED, *names, *(f"{each}-dead" for each in names)]).items():
        if count > 1 and name in names:
            yield Problem(
                f"queues.{name}",
                name,
                "a queue of dead letters has this name already",
                "choose another name",
            )


def _environments(platform: Platform, shared: Shared) -> Iterator[Problem]:
    most = LIMITS["aws"].environment_bytes
    known = _longest(platform, shared)
    for function in platform.functions:
        variables = access.variables(platform, function, shared.names, known)
        total = sum(len(name.encode()) + len(text.encode()) for name, text in variables.items())
        if total > most:
            added = set(variables) - set(function.environment)
            grants = sum(len(name) + len(variables[name].encode()) for name in added)
            yield Problem(
                f"functions.{function.name}",
                f"{total} bytes of environment, {grants} of them for its grants",
                f"Lambda takes {most} bytes of names and values in all",
                "grant it less, give part of its work to another function, or shorten variables",
            )


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
