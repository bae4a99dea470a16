"""The code of all functions of a platform, or one report of everything that is wrong with it."""

from pathlib import Path

from infra import served
from infra.bundle import Bundle, BundleError, SourceCache, bundle
from infra.errors import Problem, Refused
from infra.model import Platform, Provider


def bundles(
    root: Path,
    platform: Platform,
    provider: Provider,
    adapters: str,
    cache: SourceCache | None = None,
) -> dict[str, Bundle]:
    """The code of each function, by its name, with the stores' `adapters` (local, aws, alicloud).

    Raises Refused with every one that has none, or that does not serve its routes.
    """
    cache = cache or SourceCache()
    found: dict[str, Bundle] = {}
    problems: dict[Problem, None] = {}  # a file that two functions need is told once
    for each in platform.functions:
        try:
            found[each.name] = bundle(
                root,
                each,
                provider,
                cache,
                trigger=platform.trigger(each.name),
                adapters=adapters,
            )
        except BundleError as error:
            problems[error.problem] = None
    if not problems:
        problems = dict.fromkeys(served.problems(root, platform.functions, platform.routes, cache))
    if problems:
        raise Refused("app/", problems)
    return found
