"""The gateway's route table: immutable, so that a change is one assignment.

The most specific route wins, as in the clouds: segment by segment a literal goes before `{name}`
and `{name}` before `{name+}`; at the same path a method goes before ANY.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Match:
    """The route that a request takes: its key, its function, and what the path gave."""

    route: str
    function: str
    parameters: Mapping[str, str]


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    methods: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Finds a request's route among `routes`, which maps `GET /users/{id}` to a function's name."""

    def __init__(self, routes: Mapping[str, str]) -> None:
        self.routes = dict(routes)
        self._root = _Node()
        self._literal: dict[tuple[str, str], Match] = {}
        for key, function in routes.items():
            self._add(key, function)

    def find(self, method: str, path: str) -> Match | None:
        """The route for a method and a path as sent (percent-encoded, without the query)."""
        found = self._literal.get((method, path))
        if found is not None:
            return found
        segments = [unquote(each) for each in path.split("/")[1:]]
        return self._walk(self._root, method, segments, 0, ())

    def _add(self, key: str, function: str) -> None:
        method, _, path = key.partition(" ")
        names: tuple[str, ...] = ()
        node = self._root
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                names += (segment.strip("{+}"),)
                if segment.endswith("+}"):
                    node.rest[method] = (key, function, names)
                    return
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        node.methods[method] = (key, function, names)
        if not names and method != "ANY":
            self._literal[method, path] = Match(key, function, {})

    def _walk(
        self, node: _Node, method: str, segments: list[str], at: int, values: tuple[str, ...]
    ) -> Match | None:
        if at == len(segments):
            return _match(node.methods, method, values)
        segment = segments[at]
        found = None
        if (literal := node.literals.get(segment)) is not None:
            found = self._walk(literal, method, segments, at + 1, values)
        if found is None and node.parameter is not None and segment:
            found = self._walk(node.parameter, method, segments, at + 1, (*values, segment))
        if found is None and (rest := "/".join(segments[at:])):
            found = _match(node.rest, method, (*values, rest))
        return found


def _match(
    methods: Mapping[str, tuple[str, str, tuple[str, ...]]], method: str, values: tuple[str, ...]
) -> Match | None:
    found = methods.get(method) or methods.get("ANY")
    if found is None:
        return None
    key, function, names = found
    return Match(key, function, dict(zip(names, values, strict=True)))
