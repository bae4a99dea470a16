"""Whether each route reaches something: what a handler's `ROUTES` say is what the shop declares.

Read from the source without running it; a `ROUTES` that cannot be read so is left to the function
itself, which answers 404 where it has no such route.
"""

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from infra.errors import Problem
from infra.model import Function, Route
from infra.sources import Source, SourceCache, SourceError, syntax_tree

_NAME = "ROUTES"
_SHOP = "infra/shop.py"


def problems(
    root: Path,
    functions: Iterable[Function],
    routes: Iterable[Route],
    cache: SourceCache | None = None,
) -> Iterator[Problem]:
    """Routes that their function does not have, and those that nothing calls.

    Not judged are functions with a `handler` of their own, those that no route calls, and those
    whose module is missing or cannot be read, which whoever puts their code together will tell.
    """
    cache = cache or SourceCache()
    wanted = by_function(routes)
    for function in functions:
        if function.handler is not None or function.name not in wanted:
            continue
        try:
            source = cache.read(root, handler_file(function.name))
        except SourceError:
            continue
        stated = stated_routes(source, root, cache) if source else None
        if stated is not None:
            yield from differences(function.name, wanted[function.name], stated)


def by_function(routes: Iterable[Route]) -> dict[str, list[str]]:
    """The keys of the routes that call each function."""
    found: dict[str, list[str]] = {}
    for route in routes:
        found.setdefault(route.function, []).append(route.key)
    return found


def handler_file(function: str) -> str:
    """Where a function's handlers stand, from the root with `/`."""
    return f"app/handlers/{function.replace('-', '_')}.py"


def differences(
    function: str, wanted: Collection[str], stated: Collection[str]
) -> Iterator[Problem]:
    """What the shop declares and the handler lacks, and the other way round."""
    file = handler_file(function)
    for key in sorted(set(wanted) - set(stated)):
        yield Problem(
            f"routes.{key}",
            f"{_NAME} in {file} does not have it",
            "every request there would be answered 404",
            f"add it to {_NAME} in {file}, or take the route out of {_SHOP}",
        )
    for key in sorted(set(stated) - set(wanted)):
        yield Problem(
            f"{file}:{_NAME}",
            key,
            f"no route of {_SHOP} calls {function} so, and no request would reach it",
            f"add the route to {_SHOP}, or take it out of {_NAME}",
        )


def stated_routes(source: Source, root: Path, cache: SourceCache) -> frozenset[str] | None:
    """The keys of a module's `ROUTES`, or None when they cannot be told from its text.

    They can when it is set once, by a dict whose keys are written out, and not used again. It may
    take in others of that kind: of the same module, or imported by their names.
    """
    return _keys(_NAME, source, root, cache, frozenset())


def _keys(
    name: str, source: Source, root: Path, cache: SourceCache, above: frozenset[tuple[str, str]]
) -> frozenset[str] | None:
    """The keys of the dict of this name; `above` are those that it is being taken into."""
    here = (source.path, name)
    tree = syntax_tree(source.path, source.content)
    taken_in = [
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None
    ]
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and node not in taken_in
    ]
    values = [
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in _targets(statement)
        if isinstance(target, ast.Name) and target.id == name
    ]
    if here in above or len(uses) != 1 or len(values) != 1 or not isinstance(values[0], ast.Dict):
        return None
    found: set[str] = set()
    for key, value in zip(values[0].keys, values[0].values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
            continue
        more = None
        if key is None and isinstance(value, ast.Name):
            more = _taken_in(value.id, tree, source, root, cache, above | {here})
        if more is None:
            return None
        found |= more
    return frozenset(found)


def _taken_in(
    name: str,
    tree: ast.Module,
    source: Source,
    root: Path,
    cache: SourceCache,
    above: frozenset[tuple[str, str]],
) -> frozenset[str] | None:
    """The same of a dict that another takes in."""
    for statement in tree.body:
        if not isinstance(statement, ast.ImportFrom) or not statement.module or statement.level:
            continue
        for alias in statement.names:
            if (alias.asname or alias.name) == name:
                try:
                    found = cache.read(root, f"{statement.module.replace('.', '/')}.py")
                except SourceError:
                    return None
                return _keys(alias.name, found, root, cache, above) if found else None
    return _keys(name, source, root, cache, above)


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def unserved(stated: Mapping[str, Collection[str]], routes: Iterable[Route]) -> Iterator[Problem]:
    """The same of functions whose routes are known: by function's name, the keys that it has."""
    for function, wanted in by_function(routes).items():
        if function in stated:
            yield from differences(function, wanted, stated[function])
