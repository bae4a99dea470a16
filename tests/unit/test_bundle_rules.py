"""A function carries its ports' adapters, and the files beside its modules, and no more."""

import json
from pathlib import Path

import pytest

from infra.bundle import HandlerMissingError, SourceCache, bundle, closure, fingerprint
from infra.model import Function, Trigger

ROOT = Path(__file__).parents[2]
EMPTY = (
    "__init__", "adapters/__init__", "adapters/common/__init__", "adapters/local/__init__",
    "adapters/aws/__init__", "entrypoints/__init__", "entrypoints/aws", "entrypoints/aws_http",
    "entrypoints/aws_queue", "entrypoints/aws_schedule", "handlers/__init__", "ports/__init__",
    "ports/errors", "ports/blobs", "adapters/local/blobs", "adapters/local/files",
    "adapters/aws/client",
)  # fmt: skip
FILES = {
    "ports/tables": "from app.ports import errors",
    "ports/secrets": "",
    "ports/tokens": "",
    "adapters/common/tables": "import app.ports.tables",
    "adapters/common/secrets": "",
    "adapters/common/tokens": "from app.ports import secrets",
    "adapters/local/tables": "import app.adapters.local.files",
    "adapters/local/secrets": "",
    "adapters/aws/tables": "from app.adapters.aws.client import x",
    "services/accounts": "from app.ports.tables import Table\nfrom app.ports.tokens import Tokens",
    "handlers/plain": "ROUTES = {'GET /': 1}",
    "handlers/auth": "from app.services import accounts\nROUTES = {'GET /': 1}",
    "handlers/reader": "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import app.ports.tables\n"
    "ROUTES = {'GET /': 1}",
}


def _write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        file = root / "app" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A shop with ports, and adapters of two kinds."""
    texts = {**dict.fromkeys(EMPTY, ""), **FILES}
    return _write(tmp_path, {f"{path}.py": text for path, text in texts.items()})


def _adapters(root: Path, name: str, kind: str) -> set[str]:
    found = bundle(root, Function(name=name), "aws", adapters=kind)
    paths = {file.path.removeprefix("app/adapters/") for file in found.files}
    return {path for path in paths if not path.startswith("app/") and "__init__" not in path}


def test_a_port_without_adapters_brings_no_empty_packages(project: Path) -> None:
    _write(project, {"handlers/plain.py": "import app.ports.errors\nROUTES = {'GET /': 1}"})

    found = bundle(project, Function(name="plain"), "aws")

    assert not [file.path for file in found.files if file.path.startswith("app/adapters")]


def test_a_port_brings_its_adapter_and_what_that_needs(project: Path) -> None:
    """Of the tokens there is none of any kind; what is common to all needs the secrets' port."""
    common = {"common/tables.py", "common/tokens.py", "common/secrets.py"}
    local = {"local/tables.py", "local/files.py", "local/secrets.py"}

    assert _adapters(project, "auth", "local") == common | local
    assert _adapters(project, "auth", "aws") == common | {"aws/tables.py", "aws/client.py"}
    assert _adapters(project, "auth", "alicloud") == common


@pytest.mark.parametrize("name", ["plain", "reader"])
def test_a_function_without_ports_has_no_adapters(project: Path, name: str) -> None:
    """A port that is imported to be read by the type checker alone is not one that it uses."""
    assert _adapters(project, name, "local") == set()


def test_an_adapters_edit_is_one_of_the_functions_that_use_its_port(project: Path) -> None:
    def both() -> list[str]:
        names = ("plain", "auth")
        return [bundle(project, Function(name=name), "aws").fingerprint for name in names]

    before = both()
    _write(project, {"adapters/local/files.py": "edited = 1"})
    after = both()

    assert after[0] == before[0]
    assert after[1] != before[1]


def test_the_modules_of_a_bundle_lead_to_its_files_again(project: Path) -> None:
    """The provider finds them by its own, and refuses to run what is not what was planned."""
    for kind in ("local", "aws"):
        found = bundle(project, Function(name="auth"), "aws", adapters=kind)
        again = closure(project, found.modules, adapters=kind)
        assert fingerprint(again) == found.fingerprint


@pytest.mark.parametrize("adapters", ["local", "aws"])
def test_health_carries_no_store_and_no_passwords(adapters: str) -> None:
    found = bundle(ROOT, Function(name="health"), "aws", adapters=adapters)

    paths = [file.path for file in found.files]
    assert not [path for path in paths if path.startswith("app/adapters/")]
    whole = b"".join(file.content for file in found.files)
    assert b"argon2" not in whole
    assert b"sqlite3" not in whole


def test_a_module_brings_the_files_of_its_name_with_another_ending(project: Path) -> None:
    files = {
        "handlers/plain.html": "<html>",
        "handlers/plain.json": json.dumps({}),
        "handlers/plain.pyi": "",
        "handlers/plain.py~": "",
        "handlers/plain.py.bak": "",
        "handlers/.plain.json": "",
        "handlers/plainer.html": "",
        "handlers/auth.html": "",
        "plain.html": "",
        "handlers/plain.d/inner.html": "",
    }
    _write(project, files)

    found = bundle(project, Function(name="plain"), "aws")

    others = {file.path: file.content for file in found.files if not file.path.endswith(".py")}
    assert others == {"app/handlers/plain.html": b"<html>\n", "app/handlers/plain.json": b"{}\n"}
    _write(project, {"handlers/plain.html": "<p>"})
    assert bundle(project, Function(name="plain"), "aws").fingerprint != found.fingerprint


def test_a_file_beside_a_module_need_not_be_text_and_a_cache_sees_its_edits(project: Path) -> None:
    cache = SourceCache()
    icon = project / "app/handlers/plain.ico"
    for content in (b"\x00\xff", b"\x00\xfe"):
        icon.write_bytes(content)
        found = bundle(project, Function(name="plain"), "aws", cache)
        assert content in [file.content for file in found.files]


@pytest.mark.parametrize(
    ("trigger", "name", "form"),
    [
        ("http", "ROUTES", "ROUTES"),
        ("queue", "consume", "a function consume(message, services)"),
        ("schedule", "run", "a function run(services)"),
    ],
)
def test_a_function_must_define_what_its_trigger_calls(
    project: Path, trigger: Trigger, name: str, form: str
) -> None:
    _write(project, {"handlers/lame.py": "other = 1"})

    with pytest.raises(HandlerMissingError) as caught:
        bundle(project, Function(name="lame"), "aws", trigger=trigger)

    assert caught.value.problem.value == f"app/handlers/lame.py defines no {name} at its top level"
    assert caught.value.problem.remedy == f"define {form} in it"
    _write(project, {"handlers/lame.py": f"{name} = 1"})
    found = bundle(project, Function(name="lame"), "aws", trigger=trigger)
    assert found.handler == f"app.entrypoints.aws.{trigger}"


def test_a_handler_of_its_own_is_called_whatever_the_trigger(project: Path) -> None:
    _write(project, {"handlers/own.py": "def lambda_handler(event, context): ..."})
    function = Function(name="own", handler="app.handlers.own.lambda_handler")

    found = {bundle(project, function, "aws", trigger=each) for each in ("http", "queue")}

    assert len(found) == 1
