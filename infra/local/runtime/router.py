"""The gateway's route table: immutable, so that a change is one assignment.

The most specific route wins, as on AWS: one that fits the whole path goes before one that ends in
`{name+}`; then, segment by segment, a literal before `{name}` before `{name+}`; at the same path a
method before ANY.
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A request that is looked for among the routes that end in `{name+}`, or among the others."""

    method: str
    segments: list[str]
    rest: bool


class Router:
    """Finds a request's route among `routes`, which maps `GET /users/{id}` to a function's name."""

    def __init__(self, routes: Mapping[str, str]) -> None:
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
        whole, rest = _Wanted(method, segments, rest=False), _Wanted(method, segments, rest=True)
        return self._walk(self._root, whole, 0, ()) or self._walk(self._root, rest, 0, ())

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

    def _walk(self, node: _Node, wanted: _Wanted, at: int, values: tuple[str, ...]) -> Match | None:
        """The best route below a node for what is left of the path from segment `at` on."""
        if at == len(wanted.segments):
            return None if wanted.rest else _match(node.methods, wanted.method, values)
        segment = wanted.segments[at]
        found = None
        if (literal := node.literals.get(segment)) is not None:
            found = self._walk(literal, wanted, at + 1, values)
        if found is None and node.parameter is not None and segment:
            found = self._walk(node.parameter, wanted, at + 1, (*values, segment))
        if found is None and wanted.rest and (rest := "/".join(wanted.segments[at:])):
            found = _match(node.rest, wanted.method, (*values, rest))
        return found


def _match(
    methods: Mapping[str, tuple[str, str, tuple[str, ...]]], method: str, values: tuple[str, ...]
) -> Match | None:
    found = methods.get(method) or methods.get("ANY")
    if found is None:
        return None
    key, function, names = found
    return Match(key, function, dict(zip(names, values, strict=True)))
