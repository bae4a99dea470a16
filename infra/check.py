"""Refuses a wrong platform before a single resource is declared.

Each module of `infra/checks` looks at one kind of thing and yields what it finds; all of it goes
into one report. Nothing here asks a cloud, or reads a file but the machine's list of time zones.
"""

from infra.checks import events, functions, grants, names, ready, routes, stores
from infra.errors import Problem, Refused
from infra.limits import LIMITS
from infra.model import Platform, Provider


def problems(platform: Platform, provider: Provider, *, local: bool = True) -> tuple[Problem, ...]:
    """Everything that `provider` would refuse or that the platform contradicts itself in.

    The local cloud is held to the limits of the cloud that it emulates: `provider` is that one,
    and `local` allows what this machine alone can do.
    """
    return (
        *names.problems(platform, LIMITS[provider]),
        *functions.problems(platform, LIMITS[provider], local=local),
        *ready.problems(platform),
        *routes.problems(platform.routes),
        *stores.problems(platform),
        *events.problems(platform),
        *grants.problems(platform),
    )


def check(platform: Platform, provider: Provider, source: str, *, local: bool = True) -> None:
    """Raise Refused, naming `source`, with every problem that `problems` finds."""
    if found := problems(platform, provider, local=local):
        raise Refused(source, found)
