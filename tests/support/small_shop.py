"""A smaller shop in a copy of the checkout: where the engine is what is looked at, not the shop.

It has each kind of thing: what routes, a queue and a schedule call, a private and a public bucket,
rows that expire, indexes, secrets. The names of what is left out stay known to the settings.
"""

import inspect
from dataclasses import replace

from infra.model import Platform
from tests.support.project import Project

SHOP = "infra/shop.py"


def small(platform: Platform) -> Platform:
    """The platform with a few of its functions, and what these use."""
    kept = {"health", "docs", "auth", "uploads", "catalog", "notify", "sweep"}
    functions = tuple(each for each in platform.functions if each.name in kept)
    queues = tuple(each for each in platform.queues if each.consumer in kept)
    # the sweep uses nearly all that there is
    used = {each.resource for each in platform.grants if each.function in kept - {"sweep"}}
    known = used - {each.name for each in platform.queues} | {each.name for each in queues}
    return replace(
        platform,
        functions=functions,
        routes=tuple(each for each in platform.routes if each.function in kept),
        tables=tuple(each for each in platform.tables if each.name in known),
        queues=queues,
        schedules=tuple(each for each in platform.schedules if each.function in kept),
        grants=tuple(
            each for each in platform.grants if each.function in kept and each.resource in known
        ),
    )


def shrink(project: Project) -> None:
    """Have the copy's shop be that one."""
    whole = (project.root / SHOP).read_text(encoding="utf-8")
    kept = "\n\n_whole = platform\n\n\ndef platform(settings: Settings, stack: str) -> Platform:\n"
    made = f"{kept}    return small(_whole(settings, stack))\n"
    project.write(SHOP, f"{whole}\n\n{inspect.getsource(small)}{made}")
