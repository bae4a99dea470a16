"""What the clouds call: wired once, always an answer, nothing of an error in it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import app.handlers
from app.bootstrap import ConfigurationError, Services
from app.dispatch import Handler, serve
from app.entrypoints import alicloud_http, aws, aws_http
from app.gateways import aws as aws_gateway
from app.handlers.status import respond
from app.messages import Request, Response, json_response
from app.routing import RouteNotFoundError
from infra.bundle import bundle, stage
from infra.model import Function

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"SHOP_HANDLER": "health", "SHOP_STACK": "local"}
AWS_CONTEXT = SimpleNamespace(aws_request_id="lambda-1", get_remaining_time_in_millis=lambda: 2500)
FC_CONTEXT = SimpleNamespace(request_id="fc-1", function=SimpleNamespace(timeout=3))


def _aws_event(method: str = "GET", path: str = "/health") -> dict[str, Any]:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1"}
    return {
        "routeKey": f"{method} {path}",
        "requestContext": {"requestId": "request-1", "http": http},
    }


def _fc_event(method: str = "GET", path: str = "/health") -> bytes:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1"}
    event = {"rawPath": path, "requestContext": {"requestId": "request-1", "http": http}}
    return json.dumps(event).encode()


def test_health_answers_the_stacks_name_on_both_clouds() -> None:
    expected = {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"status":"ok","stack":"local"}',
        "isBase64Encoded": False,
    }

    assert aws_http.make(ENVIRONMENT)(_aws_event(), AWS_CONTEXT) == expected
    assert alicloud_http.make(ENVIRONMENT)(_fc_event(), FC_CONTEXT) == expected


@pytest.mark.parametrize(("method", "path"), [("GET", "/elsewhere"), ("HEAD", "/health")])
def test_a_route_that_the_function_does_not_serve_is_a_404_problem(method: str, path: str) -> None:
    for found in (
        aws_http.make(ENVIRONMENT)(_aws_event(method, path), AWS_CONTEXT),
        alicloud_http.make(ENVIRONMENT)(_fc_event(method, path), FC_CONTEXT),
    ):
        assert found["statusCode"] == 404
        assert found["headers"] == {"content-type": "application/problem+json"}
        problem = json.loads(str(found["body"]))
        assert problem["detail"] == f"{method} {path} is not served here"
        assert problem["request_id"] == "request-1"


@pytest.mark.parametrize("key", ["SHOP_HANDLER", "SHOP_STACK"])
@pytest.mark.parametrize("missing", [{}, {"SHOP_HANDLER": "", "SHOP_STACK": ""}])
@pytest.mark.parametrize("entrypoint", [aws_http, alicloud_http])
def test_a_missing_environment_key_stops_the_start_by_name(
    entrypoint: Any, missing: dict[str, str], key: str
) -> None:
    rest = {name: value for name, value in ENVIRONMENT.items() if name != key}

    with pytest.raises(ConfigurationError, match=key):
        entrypoint.make(missing | rest)


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "holds no app.handlers.nowhere"), ("status", "defines no ROUTES")],
)
def test_a_handler_that_cannot_be_served_stops_the_start(name: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        aws_http.make(ENVIRONMENT | {"SHOP_HANDLER": name})


def test_what_a_handler_lacks_is_told_as_such(tmp_path: Path) -> None:
    """The handler is there: to say that it is missing would send its author astray."""
    code = stage(bundle(ROOT, Function(name="health"), "aws").files, tmp_path)
    (code / "app/handlers/lame.py").write_text("import nowhere_at_all\n")
    program = "import sys; sys.path.insert(0, sys.argv[1]); import app.entrypoints.aws as a; a.http"

    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(code)],
        env=ENVIRONMENT | {"SHOP_HANDLER": "lame"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'nowhere_at_all'"


def _served(name: str, handler: Handler, lines: list[str]) -> dict[str, object]:
    """The answer of one handler, found where the function named `name` has its own."""
    module = ModuleType(f"app.handlers.{name.replace('-', '_')}")
    module.ROUTES = {"GET /it": handler}  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    try:
        environment = ENVIRONMENT | {"SHOP_HANDLER": name}
        http = serve(environment, aws_gateway.request, aws_gateway.call_id, lines.append)
    finally:
        del sys.modules[module.__name__]
    return http(_aws_event("GET", "/it"), AWS_CONTEXT)


def test_a_function_named_with_dashes_finds_its_module() -> None:
    def handler(request: Request, services: Services) -> Response:
        return json_response(201, [request.route, services.stack])

    found = _served("place-order", handler, [])

    assert (found["statusCode"], found["body"]) == (201, '["GET /it","local"]')


def test_an_unknown_error_is_a_500_that_only_the_log_explains() -> None:
    def handler(_request: Request, _services: Services) -> Response:
        raise ValueError("password is hunter2")

    lines: list[str] = []
    found = _served("broken", handler, lines)

    assert found["statusCode"] == 500
    answer = json.dumps(found)
    for secret in ("hunter2", "ValueError", "Traceback", "test_entrypoints"):
        assert secret not in answer
    assert json.loads(str(found["body"]))["request_id"] == "request-1"
    (line,) = lines
    assert line.endswith("\n")
    assert line.count("\n") == 1
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["function"] == "broken"
    assert entry["request_id"] == "request-1"
    assert entry["error"] == "ValueError"
    assert entry["message"] == "password is hunter2"
    assert "in handler" in entry["trace"]


@pytest.mark.parametrize("result", [None, {"statusCode": 200}, "text"])
def test_a_handler_that_returns_no_response_is_a_500(result: Any) -> None:
    lines: list[str] = []
    found = _served("nonsense", lambda _request, _services: result, lines)

    assert found["statusCode"] == 500
    assert len(lines) == 1


def test_an_exit_is_left_to_the_runtime() -> None:
    """SystemExit and KeyboardInterrupt end the instance, as the cloud's runtime has it."""

    def handler(_request: Request, _services: Services) -> Response:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        _served("leaver", handler, [])


def test_a_known_error_is_not_logged() -> None:
    def handler(_request: Request, _services: Services) -> Response:
        raise RouteNotFoundError("gone")

    lines: list[str] = []

    assert _served("known", handler, lines)["statusCode"] == 404
    assert lines == []


def test_a_malformed_event_is_a_500_under_the_calls_own_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = aws_http.make(ENVIRONMENT), alicloud_http.make(ENVIRONMENT)
    calls = [(first, {"Records": []}, AWS_CONTEXT), (second, b"{", FC_CONTEXT)]
    for (http, event, context), call in zip(calls, ["lambda-1", "fc-1"], strict=True):
        found = http(event, context)

        assert found["statusCode"] == 500
        assert json.loads(str(found["body"]))["request_id"] == call
        assert "MalformedEventError" not in str(found)
        assert json.loads(capsys.readouterr().err)["error"] == "MalformedEventError"


def test_an_error_is_known_by_its_kind_and_its_kinds_kind() -> None:
    class NarrowerError(RouteNotFoundError):
        pass

    assert respond(NarrowerError("x"), "r").status == 404
    assert respond(KeyError("x"), "r").status == 500


def test_an_entrypoint_has_the_triggers_and_nothing_else_by_lookup() -> None:
    with pytest.raises(AttributeError, match="websocket"):
        _ = aws.websocket


# Run by each interpreter on its own: no packages, no environment but the two keys.
_ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
from importlib import import_module
for provider in ("aws", "alicloud"):
    module = import_module("app.entrypoints." + provider)
    assert "http" not in vars(module), "wired before the runtime asked"
    assert module.http is module.http, "wired more than once"
import json
class Context:
    aws_request_id = "c-1"
    def get_remaining_time_in_millis(self):
        return 1
event = json.loads(sys.argv[2])
print(json.dumps({
    "answer": import_module("app.entrypoints.aws").http(event, Context()),
    "foreign": sorted({name.partition(".")[0] for name in sys.modules}
        - set(sys.stdlib_module_names) - {"app", "__main__", "__mp_main__"}),
    "loaded": sorted(sys.modules),
}))
"""

# each costs milliseconds of a cold start that no plain request needs
_HEAVY = {
    "argparse", "asyncio", "concurrent", "decimal", "email", "http", "logging", "msgspec",
    "multiprocessing", "pydantic", "socket", "ssl", "traceback", "typing", "unittest", "urllib",
}  # fmt: skip


def _alone(python: str) -> dict[str, Any]:
    run = subprocess.run(
        [python, "-I", "-S", "-c", _ALONE, str(ROOT), json.dumps(_aws_event())],
        env=ENVIRONMENT | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _interpreter(version: str) -> str | None:
    """An interpreter of this version that really starts: a name on PATH may be a mere shim."""
    names = [f"python{version}"]
    # version managers keep their interpreters side by side
    beside = Path(sys.base_prefix).parent.glob(f"*/bin/python{version}")
    names.extend(map(str, sorted(beside)))
    if uv := shutil.which("uv"):
        asked = subprocess.run(
            [uv, "python", "find", "--no-python-downloads", version],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        names.append(asked.stdout.strip())
    for name in filter(None, map(shutil.which, filter(None, names))):
        probe = [name, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        tried = subprocess.run(probe, capture_output=True, text=True, timeout=60, check=False)
        if tried.returncode == 0 and tried.stdout.strip() == version:
            return name
    return None


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_entrypoints_run_on_the_clouds_interpreters(version: str) -> None:
    """app/ is started with the standard library alone, by another Python than the project's."""
    python = _interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} found on PATH or by uv")

    found = _alone(python)

    assert found["answer"]["statusCode"] == 200
    assert found["foreign"] == []


def test_an_entrypoint_loads_nothing_heavy_and_nothing_foreign() -> None:
    found = _alone(sys.executable)

    assert found["answer"]["statusCode"] == 200
    assert found["foreign"] == []
    assert _HEAVY & set(found["loaded"]) == set()


@pytest.mark.parametrize(
    ("start", "loaded"),
    [("on-demand", False), ("snap-start", True), ("provisioned-concurrency", True)],
)
def test_what_stores_need_is_loaded_at_the_start_only_where_nobody_waits_for_it(
    start: str,
    loaded: bool,  # noqa: FBT001 - a parameter
) -> None:
    program = "import sys; from app.entrypoints import aws; aws.http; print('boto3' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=ENVIRONMENT | {"AWS_LAMBDA_INITIALIZATION_TYPE": start},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout.strip() == str(loaded), run.stderr


def test_every_handler_module_is_importable_without_an_environment() -> None:
    """A handler module that reads os.environ at import would tie itself to one deployment."""
    names = sorted(path.stem for path in Path(app.handlers.__path__[0]).glob("*.py"))
    program = "import sys; sys.path.insert(0, sys.argv[1])\n" + "".join(
        f"import app.handlers.{name}\n" for name in names if name != "__init__"
    )

    run = subprocess.run(
        [sys.executable, "-I", "-c", program, str(ROOT)],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
