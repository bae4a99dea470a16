"""What both clouds refuse of a platform as it is deployed: names that have grown, and variables."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from infra.errors import Problem
from infra.model import Function, Platform
from infra.naming import is_hyphened

FAILED: Final = "failed"
"""The queue of calls that failed for good; no queue of the shop's can have its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What one of the shop's things (`queues`, `mails`) is called in an account.

    `what` is the cloud's word for it; `note` tells of characters that will be added to it.
    """

    kind: str
    name: str
    what: str
    whole: str
    note: str = ""


def lengths(
    cloud: str, longest: Mapping[str, int], called: Iterable[Called], part: str
) -> Iterator[Problem]:
    """Names that are too long; `longest` has the characters by `what`, `part` what to shorten."""
    for each in called:
        over = len(each.whole) - longest[each.what]
        if over > 0:
            yield Problem(
                f"{each.kind}.{each.name}",
                f"{len(each.whole)} characters in {each.whole}{each.note}",
                f"{cloud} takes {longest[each.what]} in the name of a {each.what}",
                f"shorten it, or {part}, by {over}",
            )


def stack_name(platform: Platform, consequence: str) -> Iterator[Problem]:
    """A stack's name that cannot be part of every other."""
    if not is_hyphened(platform.stack):
        yield Problem(
            "stack",
            platform.stack,
            f"its name is part of every name, and {consequence}",
            "use lower-case letters and digits, a letter first, words joined by hyphens",
        )


def region(key: str, stated: str, example: str, *, sound: bool) -> Iterator[Problem]:
    """A region that is not stated, or that is none."""
    if not stated:
        yield Problem(
            key,
            "",
            "where in the world the shop would run could not be told",
            f"write {key}: {example}, or another region, under config in the stack's file",
        )
    elif not sound:
        yield Problem(
            key, stated, "there is no region of this name", f"write the region's code, as {example}"
        )


def queue_names(platform: Platform) -> Iterator[Problem]:
    """Queues that are called like one that a target makes besides."""
    names = [each.name for each in platform.queues]
    for name, count in Counter([FAILED, *names, *(f"{each}-dead" for each in names)]).items():
        if count > 1 and name in names:
            yield Problem(
                f"queues.{name}",
                name,
                "a queue of dead letters has this name already",
                "choose another name",
            )


def environment(
    cloud: str, most: int, function: Function, variables: Mapping[str, str]
) -> Iterator[Problem]:
    """A function whose variables, with those that state its grants, are too large."""
    total = sum(len(name.encode()) + len(text.encode()) for name, text in variables.items())
    if total > most:
        added = set(variables) - set(function.environment)
        grants = sum(len(name) + len(variables[name].encode()) for name in added)
        yield Problem(
            f"functions.{function.name}",
            f"{total} bytes of environment, {grants} of them for its grants",
            f"{cloud} takes {most} bytes of names and values in all",
            "grant it less, give part of its work to another function, or shorten variables",
        )
