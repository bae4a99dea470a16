"""Routes are well formed, and every request finds one and only one of them."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import get_args

from infra.errors import Problem
from infra.model import Method, Route
from infra.naming import choose

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\+?)\}")
# what a path may hold unencoded, so that it looks the same in every event
_LITERAL = re.compile(r"[A-Za-z0-9._~-]+")


def problems(routes: Sequence[Route]) -> Iterator[Problem]:
    """Malformed routes first; only well-formed ones are compared."""
    sound: list[Route] = []
    for route in routes:
        wrong = list(_malformed(route))
        yield from wrong
        if not wrong:
            sound.append(route)
    for first, second in combinations(sound, 2):
        if _overlap(first, second):
            same = first.path == second.path
            yield Problem(
                f"routes.{second.key}",
                "" if same else f"beside {first.key}",
                "one request would fit both, and which one answers could not be told",
                "remove one of them" if same else "change one of the paths",
            )


def _malformed(route: Route) -> Iterator[Problem]:
    path = f"routes.{route.key}"
    if route.method not in get_args(Method):
        unknown = "no request has this method"
        yield Problem(path, route.method, unknown, choose(route.method.upper(), get_args(Method)))
    if not route.path.startswith("/"):
        yield Problem(path, route.path, "no request's path is like this", "begin it with /")
        return
    if route.path == "/":
        return
    segments = route.path[1:].split("/")
    seen: set[str] = set()
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        yield from _segment(path, segment, last=last)
        if match := _PARAMETER.fullmatch(segment):
            if match[1] in seen:
                yield Problem(
                    path,
                    segment,
                    "one value would replace the other",
                    "give each parameter a name of its own",
                )
            seen.add(match[1])


def _segment(path: str, segment: str, *, last: bool) -> Iterator[Problem]:
    if segment == "":
        yield Problem(
            path,
            "an empty segment",
            "requests do not come with doubled or closing slashes",
            "write single slashes, and none at the end",
        )
    elif match := _PARAMETER.fullmatch(segment):
        if match[2] and not last:
            yield Problem(
                path,
                segment,
                "it takes the whole rest of a path, so nothing can follow it",
                f"put it last, or write {{{match[1]}}} for one segment",
            )
    elif not _LITERAL.fullmatch(segment) or segment in (".", ".."):
        yield Problem(
            path,
            segment,
            "no request matches this segment on every cloud",
            "use letters, digits and . _ ~ -, {name}, or {name+} at the end",
        )


def _overlap(first: Route, second: Route) -> bool:
    """Whether some request fits both while neither is the more exact one."""
    if first.method == second.method:
        return _alike(first.path, second.path)
    # At one path a method goes before ANY; at paths that cross, neither does.
    crossing = _shape(first.path) != _shape(second.path)
    return "ANY" in (first.method, second.method) and crossing and _alike(first.path, second.path)


def _alike(first: str, second: str) -> bool:
    """Whether some path fits both while neither is the more exact one."""
    left, right = _shape(first), _shape(second)
    if left == right:
        return True
    if len(left) != len(right) or "{+}" in (left[-1], right[-1]):
        return False  # the longer, or the one without {name+}, is the more exact
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a != b]
    if any("{}" not in pair for pair in pairs):
        return False
    # each is the more exact one somewhere
    return {pair.index("{}") for pair in pairs} == {0, 1}


def _shape(path: str) -> list[str]:
    return [_PARAMETER.sub(r"{\2}", segment) for segment in path[1:].split("/")]
