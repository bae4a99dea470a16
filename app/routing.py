"""Which of a function's routes a request is for, where the cloud does not say it.

The rules are those of an AWS HTTP API. A route that fits the whole path beats one that ends in
`{name+}`; then, segment by segment, a literal beats `{name}`, which beats `{name+}`; of two equal
paths a named method beats ANY. HEAD is a method of its own.
"""

from collections.abc import Iterable

_LITERAL, _ONE, _REST = range(3)


class InvalidRouteError(ValueError):
    """A key of ROUTES is not of the form `GET /users/{id}`."""


class RouteNotFoundError(Exception):
    """No route of the function is for this method and path."""


class RouteTable:
    """A function's routes, the most specific first."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Raises InvalidRouteError."""
        self._routes = sorted(map(_Route, keys), key=lambda route: route.rank)

    def match(self, method: str, raw_path: str) -> tuple[str, dict[str, str]] | None:
        """The key of the route for this percent-encoded path, and its decoded parameters."""
        segments = [_decoded(segment) for segment in raw_path.split("/")[1:]]
        for route in self._routes:
            if route.method in (method, "ANY"):
                parameters = route.capture(segments)
                if parameters is not None:
                    return route.key, parameters
        return None


class _Route:
    """One key, taken apart once."""

    __slots__ = ("_greedy", "_parts", "key", "method", "rank")

    def __init__(self, key: str) -> None:
        method, space, path = key.partition(" ")
        if not (space and method.isalpha() and method.isupper() and path.startswith("/")):
            raise InvalidRouteError(f"{key!r} is no route: write it as 'GET /users/{{id}}'")
        self.key = key
        self.method = method
        self._parts = [_part(key, segment) for segment in path.split("/")[1:]]
        kinds = [kind for kind, _ in self._parts]
        self._greedy = kinds[-1] == _REST
        if _REST in kinds[:-1]:
            raise InvalidRouteError(f"{key!r} is no route: '{{name+}}' stands last or nowhere")
        self.rank = (self._greedy, kinds, method == "ANY")

    def capture(self, segments: list[str]) -> dict[str, str] | None:
        """The parameters in these segments, or None when they are not of this route."""
        if len(segments) < len(self._parts):
            return None
        if len(segments) > len(self._parts) and not self._greedy:
            return None
        found: dict[str, str] = {}
        for place, (kind, name) in enumerate(self._parts):
            if kind == _LITERAL:
                if segments[place] != name:
                    return None
                continue
            value = segments[place] if kind == _ONE else "/".join(segments[place:])
            if not value:
                return None
            found[name] = value
        return found


def _part(key: str, segment: str) -> tuple[int, str]:
    if not (segment.startswith("{") and segment.endswith("}")):
        return _LITERAL, segment
    name = segment[1:-1].removesuffix("+")
    if not name.isidentifier():
        raise InvalidRouteError(f"{key!r} is no route: {segment!r} does not name a parameter")
    return (_REST if segment.endswith("+}") else _ONE), name


def _decoded(segment: str) -> str:
    if "%" not in segment:
        return segment
    # few paths need it, every cold start would pay
    from urllib.parse import unquote  # noqa: PLC0415

    return unquote(segment)
