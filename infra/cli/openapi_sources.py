"""What each route runs, as its handler module states it.

This is a build tool's look into app/: modules are found by name and imported, as a function's
entrypoint does it, and nothing of them is known here but the attributes that they state.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import cleandoc
from typing import Any

from infra import served
from infra.errors import Problem, Refused
from infra.model import Function, Route

Load = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One route and what is known of it.

    `gives` maps statuses to the types of their bodies and is None where nothing is stated;
    `parameters` and `headers` map names to types. All types are as msgspec takes them.
    """

    route: Route
    summary: str
    description: str = ""
    takes: Any = None
    secured: bool = False
    gives: Mapping[int, Any] | None = None
    refuses: tuple[int, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    guests: bool = False
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """All endpoints in the shop's order, and what each function says of itself."""

    endpoints: tuple[Endpoint, ...]
    about: Mapping[str, str]


def read(functions: Iterable[Function], routes: Iterable[Route], load: Load = import_module) -> Api:
    """Every route with what its handler states. Raises Refused with all that do not fit.

    `load` finds a module of app/ by its name.
    """
    routes = tuple(routes)
    called = {route.function for route in routes}
    run: dict[str, Any] = {}
    stated: dict[str, Mapping[str, Any]] = {}
    about: dict[str, str] = {}
    problems: list[Problem] = []
    for function in functions:
        if function.name not in called:
            continue
        try:
            module, attribute = _loaded(function, load)
        except (ImportError, AttributeError) as error:
            problems.append(_unloadable(function, error))
            continue
        about[function.name] = _parts(module)[0]
        if function.handler is None:
            stated[function.name] = attribute
        else:
            run[function.name] = attribute
    problems += served.unserved(stated, routes)
    if problems:
        raise Refused("the API", problems)
    return Api(
        endpoints=tuple(
            _endpoint(
                route,
                run[route.function] if route.function in run else stated[route.function][route.key],
            )
            for route in routes
        ),
        about=about,
    )


def _loaded(function: Function, load: Load) -> tuple[Any, Any]:
    """A function's module and its ROUTES, or the handler of its own that it names."""
    file = served.handler_file(function.name).removesuffix(".py").replace("/", ".")
    name, _, attribute = (function.handler or f"{file}.ROUTES").rpartition(".")
    module = load(name)
    return module, getattr(module, attribute)


def _unloadable(function: Function, error: Exception) -> Problem:
    return Problem(
        f"functions.{function.name}",
        str(error),
        "what its routes take and answer cannot be told",
        f"mend {function.handler or served.handler_file(function.name)}",
    )


def _endpoint(route: Route, what: Any) -> Endpoint:
    """A plain function states nothing but its docstring."""
    summary, description = _parts(getattr(what, "run", what))
    if not hasattr(what, "gives"):
        return Endpoint(route=route, summary=summary or route.key, description=description)
    return Endpoint(
        route=route,
        summary=summary or route.key,
        description=description,
        takes=what.takes,
        secured=what.user is not None,
        gives=dict(what.gives),
        refuses=tuple(what.refuses),
        parameters=dict(what.parameters),
        headers=dict(what.headers),
        guests=what.guests,
        media_type=what.media_type,
    )


def _parts(documented: Any) -> tuple[str, str]:
    """The first line of a docstring without its full stop, and the rest."""
    first, _, rest = cleandoc(getattr(documented, "__doc__", None) or "").partition("\n")
    return first.strip().removesuffix("."), rest.strip()
