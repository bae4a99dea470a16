"""A shop of any number of functions: each with a handler, a route, and a grant on one table."""

from pathlib import Path
from typing import Any

from infra.model import Function, Route, Table

SETTINGS = {"target": "aws", "payments": "stripe"}  # which brings nothing of its own
TABLE = "things"
_HANDLER = '''"""One of many."""

from app.bootstrap import Services
from app.messages import Request, Response, json_response
from app.ports.tables import Row


def answer(_request: Request, services: Services) -> Response:
    """Whether there is such a thing."""
    found: Row | None = services.table("{table}").get({{"key": "{name}"}})
    return json_response(200, {{"found": found is not None}})


ROUTES = {{"GET /{name}": answer}}
'''


def name_of(number: int) -> str:
    """The name of a function, which is a module's too."""
    return f"many{number:03}"


def write_handlers(root: Path, count: int) -> None:
    """The modules of that many functions, in app/ below `root`."""
    for name in map(name_of, range(count)):
        file = root / "app" / "handlers" / f"{name}.py"
        file.write_text(_HANDLER.format(name=name, table=TABLE), encoding="utf-8")


def shop_of(count: int) -> dict[str, Any]:
    """What stands in infra/shop.py, by name, for a shop of that many functions."""
    names = tuple(map(name_of, range(count)))
    functions = tuple(Function(name=name) for name in names)
    routes = tuple(Route(method="GET", path=f"/{name}", function=name) for name in names)
    named: dict[str, tuple[str, ...]] = {
        "functions": names,
        "routes": tuple(each.key for each in routes),
        "tables": (TABLE,),
        "buckets": (),
        "queues": (),
    }
    return {
        "FUNCTIONS": functions,
        "EVERY_FUNCTION": functions,
        "ROUTES": routes,
        "TABLES": (Table(name=TABLE, partition="key"),),
        "BUCKETS": (),
        "QUEUES": (),
        "SCHEDULES": (),
        "GRANTS": dict.fromkeys(names, (("table", TABLE, ("read",)),)),
        "NAMES": named,
    }
