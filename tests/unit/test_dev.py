"""`make dev` puts a change live, only where it changes something, and keeps the last good code."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from infra import bundle
from infra.cli import dev
from infra.cli.dev import Reload, changes, serve
from infra.errors import PlatformError
from infra.local.client import ask
from infra.local.runtime.storage import StorageSpec
from infra.model import Function
from tests.support.local_cloud import LocalCloud, running

CODE = "def lambda_handler(event, context):\n    return {{'statusCode': 200, 'body': '{}'}}\n"
HELLO = Function(name="hello", handler="app.handlers.hello.lambda_handler")
OTHER = Function(name="other", handler="app.handlers.other.lambda_handler")
LATER = Function(name="later", handler="app.handlers.later.lambda_handler")


class Checkout:
    """A folder with handlers, and a cloud that runs two of them."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.root = cloud.places.root
        self.cache = bundle.SourceCache()
        (self.root / "app/handlers").mkdir(parents=True)
        for function in (HELLO, OTHER, LATER):
            self.write(function.name, CODE.format("one"))
        for function in (HELLO, OTHER):
            code = bundle.bundle(self.root, function, "aws", self.cache)
            folder = bundle.stage(code.files, cloud.places.code)
            spec = cloud.spec(
                function.name,
                "",
                handler=code.handler,
                fingerprint=code.fingerprint,
                code=str(folder),
            )
            cloud.do(cloud.cloud.put_function(spec))
            cloud.route(f"GET /{function.name}", function.name)
        self.reload = Reload(self.root, (HELLO, OTHER, LATER), self.cache)

    def write(self, name: str, code: str) -> None:
        (self.root / f"app/handlers/{name}.py").write_text(code)

    def bodies(self) -> list[bytes]:
        return [self.cloud.get(f"/{name}").body for name in ("hello", "other")]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    with running(tmp_path, "aws") as cloud:
        yield Checkout(cloud)


def test_a_change_goes_live_in_just_the_function_that_it_changes(checkout: Checkout) -> None:
    assert checkout.reload() == []
    other = ask(checkout.cloud.places, "describe")["functions"]["other"]
    checkout.write("hello", CODE.format("two"))
    assert checkout.reload() == ["hello"]
    assert checkout.bodies() == [b"two", b"one"]
    assert checkout.reload() == []
    assert ask(checkout.cloud.places, "describe")["functions"]["other"] == other


def test_a_page_beside_its_module_goes_live_too(checkout: Checkout) -> None:
    read = "from pathlib import Path\nPAGE = Path(__file__).with_suffix('.html').read_text()\n"
    text = "def lambda_handler(event, context):\n    return {'statusCode': 200, 'body': PAGE}\n"
    page = checkout.root / "app/handlers/hello.html"
    page.write_text("one")
    checkout.write("hello", read + text)
    checkout.reload()

    page.write_text("two")

    assert checkout.reload() == ["hello"]
    assert checkout.bodies() == [b"two", b"one"]


QUEUE = "def make(environment):\n    from app.handlers.letters import consume\n    return consume\n"
WIRED = (
    "def __getattr__(name):\n    from app.entrypoints.aws_queue import make\n    return make({})\n"
)


def test_a_queues_consumer_goes_live_under_its_own_trigger(checkout: Checkout) -> None:
    for path, text in {"aws": WIRED, "aws_queue": QUEUE}.items():
        file = checkout.root / f"app/entrypoints/{path}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    code = "def consume(event, context):\n    return {{'statusCode': 200, 'body': '{}'}}\n"
    checkout.write("letters", code.format("one"))
    letters = Function(name="letters")
    found = bundle.bundle(checkout.root, letters, "aws", checkout.cache, "queue")
    folder = bundle.stage(found.files, checkout.cloud.places.code)
    spec = checkout.cloud.spec(
        "letters",
        "",
        handler=found.handler,
        fingerprint=found.fingerprint,
        code=str(folder),
    )
    checkout.cloud.do(checkout.cloud.cloud.put_function(spec))
    reload = Reload(checkout.root, (letters,), checkout.cache)
    assert reload() == []

    checkout.write("letters", code.format("two"))

    assert reload() == ["letters"]
    checkout.cloud.route("GET /letters", "letters")
    assert checkout.cloud.get("/letters").body == b"two"


def test_old_code_goes_but_not_what_functions_and_the_storage_run(checkout: Checkout) -> None:
    code = checkout.cloud.places.code
    served = ask(checkout.cloud.places, "describe")["functions"]["other"]["fingerprint"]
    for name in (served, "of-the-storage", "of-nobody"):
        (code / name).mkdir(exist_ok=True)
        os.utime(code / name, (0, 0))
    checkout.cloud.cloud.storage.spec = StorageSpec(
        port=9999,
        module="app.files",
        code=str(code / "of-the-storage"),
        fingerprint="of-the-storage",
        buckets="{}",
    )
    checkout.write("hello", CODE.format("two"))
    assert checkout.reload() == ["hello"]
    assert {served, "of-the-storage"} <= {each.name for each in code.iterdir()}
    assert not (code / "of-nobody").exists()


def test_a_function_that_is_not_up_yet_is_left_to_make_up(checkout: Checkout) -> None:
    checkout.write("later", CODE.format("two"))
    assert checkout.reload() == []


@pytest.mark.parametrize("code", ["def broken(:\n", "raise ValueError\n" + CODE.format("two")])
def test_code_that_cannot_be_loaded_is_said_and_the_last_good_still_serves(
    checkout: Checkout, code: str
) -> None:
    said: list[str] = []
    steps = iter([code, CODE.format("three")])

    def edits() -> Iterator[object]:
        for each in steps:
            checkout.write("hello", each)
            yield object()

    serve(checkout.reload, edits(), said.append)
    broken, mended = said
    assert broken.startswith("not live, the last good code still serves:\n")
    assert "Traceback" not in broken
    assert mended.startswith("live in ")
    assert mended.endswith(" ms: hello")
    assert checkout.bodies() == [b"three", b"one"]


def test_a_change_that_changes_no_function_is_not_mentioned(checkout: Checkout) -> None:
    said: list[str] = []
    serve(checkout.reload, [object(), object()], said.append)
    assert said == []


def test_the_watch_tells_when_it_has_begun_and_sees_what_is_saved_after(tmp_path: Path) -> None:
    said: list[str] = []
    watching = changes(tmp_path, said.append)
    next(watching)
    assert said == [f"watching {tmp_path}; Ctrl-C ends it"]
    (tmp_path / ".made.py.swp").write_text("an editor's own")
    (tmp_path / "made.html").write_text("<p>")  # a module brings such files along
    (tmp_path / "made.py").write_text("x = 1")
    seen: set[str] = set()
    while len(seen) < 2:  # they may come together, or one by one
        seen |= {Path(path).name for _, path in next(watching)}  # type: ignore[attr-defined]
    assert seen == {"made.py", "made.html"}
    watching.close()  # type: ignore[attr-defined]


def test_only_the_local_stack_is_reloaded() -> None:
    said = io.StringIO()
    with redirect_stderr(said):
        assert dev.main(["--stack", "aws-dev"]) == 1
    assert said.getvalue() == (
        "stack aws-dev: only the local stack's functions take a change as it is saved\n"
        "→ make up STACK=aws-dev puts it live there; or leave STACK out\n"
    )


def test_without_a_cloud_it_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="the local cloud is not running"):
        Reload(tmp_path, (HELLO,), bundle.SourceCache())()
