"""Routes and handlers that do not fit each other are found without running either."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra import served, shop
from infra.errors import Problem, Refused
from infra.local.plan import LocalConfig, plan
from infra.model import Function, Route
from infra.settings import Settings
from infra.sources import SourceCache

ROOT = Path(__file__).resolve().parents[2]
A, B = (
    Route(method="GET", path="/a", function="made-up"),
    Route(method="POST", path="/b", function="made-up"),
)


def found(root: Path, text: str, *routes: Route, handler: str | None = None) -> list[Problem]:
    """The problems of one function `made-up` whose module is this text."""
    file = root / "app" / "handlers" / "made_up.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    function = Function(name="made-up", handler=handler)
    return list(served.problems(root, [function], routes, SourceCache()))


def test_the_shops_own_routes_and_handlers_fit() -> None:
    assert list(served.problems(ROOT, shop.FUNCTIONS, shop.ROUTES)) == []


def test_routes_that_fit_are_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, "ROUTES = {'GET /a': one, 'POST /b': two}", A, B) == []
    assert found(tmp_path, "ROUTES: dict[str, object] = {'GET /a': one}", A) == []


def test_a_route_that_the_handler_lacks_is_told_with_the_file_to_edit(tmp_path: Path) -> None:
    problem = found(tmp_path, "ROUTES = {'GET /a': one}", A, B)
    assert [each.path for each in problem] == ["routes.POST /b"]
    assert "ROUTES in app/handlers/made_up.py" in problem[0].value
    assert "infra/shop.py" in problem[0].remedy


def test_a_handler_that_no_route_calls_is_told(tmp_path: Path) -> None:
    problem = found(tmp_path, "ROUTES = {'GET /a': one, 'POST /b': two}", A)
    assert [(each.path, each.value) for each in problem] == [
        ("app/handlers/made_up.py:ROUTES", "POST /b")
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("MORE = {'POST /b': two}", "MORE"),
        ("from app.handlers.other import MORE", "MORE"),
        ("from app.handlers.other import MORE as OTHERS", "OTHERS"),
    ],
)
def test_routes_that_a_handler_takes_in_from_elsewhere_are_its_own(
    tmp_path: Path, one: str, two: str
) -> None:
    other = tmp_path / "app" / "handlers" / "other.py"
    other.parent.mkdir(parents=True)
    other.write_text("MORE = {'POST /b': two}")
    text = f"{one}\nROUTES = {{'GET /a': one, **{two}}}"
    assert found(tmp_path, text, A, B) == []
    (problem,) = found(tmp_path, text, A)
    assert (problem.path, problem.value) == ("app/handlers/made_up.py:ROUTES", "POST /b")


@pytest.mark.parametrize(
    "text",
    [
        "ROUTES = made()",
        "ROUTES = {'GET /b': two, **ROUTES}",
        "from app.handlers.nowhere import MORE\nROUTES = {'GET /b': two, **MORE}",
        "from app.handlers import *\nROUTES = {'GET /b': two, **MORE}",
        "MORE = made()\nROUTES = {'GET /b': two, **MORE}",
        "ROUTES = {**others, 'GET /b': two}",
        "ROUTES = {KEY: one}",
        "ROUTES = {1: one}",
        "ROUTES = {}\nROUTES['GET /a'] = one",
        "ROUTES = {}\nROUTES |= others",
        "ROUTES = {}\nROUTES.update(others)",
        "ROUTES = {}\nROUTES = {'GET /b': two}",
        "if True:\n    ROUTES = {}",
        "from app.handlers.other import ROUTES",
        "ROUTES, OTHER = {}, {}",
        "def __getattr__(name): ...",
    ],
)
def test_routes_that_only_running_the_module_would_tell_are_not_judged(
    tmp_path: Path, text: str
) -> None:
    assert found(tmp_path, text, A) == []


def test_a_function_with_a_handler_of_its_own_or_without_routes_is_not_judged(
    tmp_path: Path,
) -> None:
    assert found(tmp_path, "ROUTES = {}", A, handler="app.handlers.made_up.run") == []
    assert found(tmp_path, "ROUTES = {'GET /a': one}") == []


def test_a_module_that_is_not_there_is_left_to_who_looks_for_it(tmp_path: Path) -> None:
    assert list(served.problems(tmp_path, [Function(name="made-up")], [A])) == []


def test_a_module_that_cannot_be_read_is_left_to_who_tells_why(tmp_path: Path) -> None:
    assert found(tmp_path, "ROUTES = {", A) == []


def test_an_update_of_the_local_stack_is_refused_before_anything_is_changed() -> None:
    settings = Settings(target="local")
    platform = shop.platform(settings, "local")
    lost = Route(method="PUT", path="/lost", function="auth")
    config = LocalConfig(root=ROOT, settings=settings.local)
    plan(platform, config)
    with pytest.raises(Refused, match=r"app/: 1 problem.*\n.*routes\.PUT /lost: ROUTES in"):
        plan(replace(platform, routes=(*platform.routes, lost)), config)
