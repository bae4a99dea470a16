"""Names are legal on every provider, stand for one thing, and name something that is there."""

from collections import Counter
from collections.abc import Iterable, Iterator

from infra import limits
from infra.errors import Problem
from infra.limits import Limits
from infra.model import Platform
from infra.naming import choose, is_hyphened, is_underscored


def problems(platform: Platform, allowed: Limits) -> Iterator[Problem]:
    """Illegal and repeated names, and references to functions that are not there."""
    function_names = [function.name for function in platform.functions]
    table_names = [table.name for table in platform.tables]
    bucket_names = [bucket.name for bucket in platform.buckets]
    kinds = {
        "functions": function_names,
        "tables": table_names,
        "buckets": bucket_names,
        "queues": [queue.name for queue in platform.queues],
        "schedules": [schedule.name for schedule in platform.schedules],
    }
    for kind, names in kinds.items():
        yield from _repeated(kind, names)
        for name in sorted(set(names)):
            path = f"{kind}.{name}"
            if kind == "tables":
                yield from column_name(path, name)
            elif not is_hyphened(name):
                yield _illegal(path, name, "hyphens")
    yield from _lengths("functions", function_names, range(1, allowed.function_name + 1))
    yield from _lengths("tables", table_names, limits.TABLE_NAME)
    yield from _lengths("buckets", bucket_names, limits.BUCKET_NAME)
    for kind in ("queues", "schedules"):
        yield from _lengths(kind, kinds[kind], range(1, limits.NAME + 1))
    yield from _dangling(platform, function_names)


def column_name(path: str, name: str) -> Iterator[Problem]:
    """What is wrong with the name of a table, an index or a column."""
    if not is_underscored(name):
        # TableStore refuses hyphens
        yield _illegal(path, name, "underscores")


def length(path: str, name: str, lengths: range) -> Iterator[Problem]:
    """A name that is shorter or longer than every provider takes."""
    if len(name) not in lengths:
        yield Problem(
            path,
            f"{len(name)} characters",
            "not every cloud takes a name of this length",
            f"use {lengths.start} to {lengths[-1]} characters",
        )


def _illegal(path: str, name: str, joint: str) -> Problem:
    return Problem(
        path,
        name,
        "not every cloud takes this name",
        f"use lower-case letters and digits, a letter first, words joined by {joint}",
    )


def _repeated(kind: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Problem(
                f"{kind}.{name}",
                f"declared {count} times",
                "which of them is meant cannot be told",
                "keep one, or rename the others",
            )


def _lengths(kind: str, names: Iterable[str], lengths: range) -> Iterator[Problem]:
    for name in sorted(set(names)):
        yield from length(f"{kind}.{name}", name, lengths)


def _dangling(platform: Platform, known: list[str]) -> Iterator[Problem]:
    references = [
        *((f"routes.{route.key}.function", route.function) for route in platform.routes),
        *((f"queues.{queue.name}.consumer", queue.consumer) for queue in platform.queues),
        *((f"schedules.{each.name}.function", each.function) for each in platform.schedules),
        *((f"grants.{grant.function}.function", grant.function) for grant in platform.grants),
    ]
    for path, name in dict.fromkeys(references):
        if name not in known:
            yield Problem(path, name, "there is no function of this name", choose(name, known))
