"""A platform's routes as the two ways into Function Compute write them; pure.

A custom domain finds a function by the path alone: exactly, or by all that stands before a `*` at
the end, the longest first. So beside `GET /a/{x}` another function's `ANY /{rest+}` sees neither
`/a/1/2` nor `POST /a/1`. API Gateway writes a path's parameters in brackets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra import browsers
from infra.errors import Problem
from infra.model import Method, Platform, Route

METHODS: Final[tuple[Method, ...]] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What ANY stands for."""

_PARAMETER: Final = re.compile(r"\{([^}+]*)\}")


@dataclass(frozen=True, slots=True)
class DomainRoute:
    """What a custom domain hands to a function: a path, which may end in `*`, and its methods."""

    path: str
    methods: tuple[str, ...]
    function: str


def domain_routes(routes: Iterable[Route]) -> list[DomainRoute]:
    """The routes of a custom domain, of a platform without `problems`."""
    found: dict[str, list[Route]] = {}
    for route in routes:
        found.setdefault(domain_path(route.path), []).append(route)
    return [
        DomainRoute(path, methods(of_path), of_path[0].function) for path, of_path in found.items()
    ]


def domain_path(path: str) -> str:
    """A path as a custom domain has it: `/uploads/{key}` as `/uploads/*`."""
    before, parameter, _ = path.partition("{")
    return f"{before}*" if parameter else path


def api_path(path: str) -> str:
    """A path as API Gateway has it: `/uploads/{key}` as `/uploads/[key]`, `{rest+}` as `*`."""
    before, greedy, _ = path.partition("+}")
    if greedy:
        path = f"{before.rpartition('{')[0]}*"
    return _PARAMETER.sub(r"[\1]", path)


def parameters(path: str) -> list[str]:
    """The names of a path's parameters, without one that takes all the rest."""
    return _PARAMETER.findall(path)


def methods(routes: Sequence[Route]) -> tuple[str, ...]:
    """The methods of some routes; ANY stands for all."""
    stated = {route.method for route in routes}
    return tuple(METHODS if "ANY" in stated else sorted(stated))


def cors(platform: Platform) -> Mapping[str, object]:
    """What the pages of the platform's origins may ask for; tokens go in a header, no cookies."""
    return {
        "allow_origins": list(platform.origins),
        "allow_methods": list(methods(platform.routes)),
        "allow_headers": list(browsers.HEADERS),
        "expose_headers": list(browsers.EXPOSED),
        "max_age": browsers.PREFLIGHT_S,
        "allow_credentials": False,
    }


def problems(platform: Platform) -> Iterator[Problem]:
    """What a custom domain cannot tell apart."""
    owners: dict[str, Route] = {}
    for route in platform.routes:
        path = domain_path(route.path)
        owner = owners.setdefault(path, route)
        if owner.function != route.function:
            yield Problem(
                f"routes.{route.key}",
                route.function,
                f"a custom domain hands all of {path} to one function, and {owner.key} gives it to "
                f"{owner.function}",
                "let one function answer both, or choose another path",
            )
