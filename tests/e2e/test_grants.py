"""What a function was not granted it does not get, on the running stack, at every port."""

from collections.abc import Iterator

import pytest

from tests.support.project import Project, opened

SNOOP = '''\
"""Tries what it is asked to try, and says what came of it."""

from app.bootstrap import Services
from app.messages import Request, Response, json_response
from app.ports.blobs import Bucket
from app.ports.errors import PortError
from app.ports.queue import Queue
from app.ports.secrets import Secrets
from app.ports.tables import Table

PORTS = (Bucket, Queue, Secrets, Table)  # so that their adapters are packed

TRIES = {
    "table-read": lambda services: services.table("users").get({"username": "newcomer"}),
    "table-query": lambda services: services.table("users").query("newcomer"),
    "table-put": lambda services: services.table("users").put({"username": "newcomer"}),
    "table-update": lambda services: services.table("users").update(
        {"username": "newcomer"}, set={"role": "admin"}
    ),
    "table-delete": lambda services: services.table("users").delete({"username": "newcomer"}),
    "bucket-read": lambda services: services.bucket("uploads").get("kept/a"),
    "bucket-url": lambda services: services.bucket("uploads").download_url("kept/a", 60),
    "bucket-put": lambda services: services.bucket("uploads").put("kept/a", b"a", "text/plain"),
    "bucket-upload": lambda services: services.bucket("uploads").upload_url(
        "kept/a", "text/plain", 1, 60
    ),
    "bucket-delete": lambda services: services.bucket("uploads").delete("kept/a"),
    "queue-send": lambda services: services.queue("welcome").send("{}"),
    "secret-read": lambda services: services.secrets.get("token-key"),
}


def attempt(request: Request, services: Services) -> Response:
    try:
        TRIES[request.path_parameters["what"]](services)
    except PortError as error:
        return json_response(200, {"error": type(error).__name__, "detail": str(error)})
    return json_response(200, {"error": None})


ROUTES = {"GET /%(name)s/{what}": attempt}
'''
TABLE = ["table-read", "table-query", "table-put", "table-update", "table-delete"]
BUCKET = ["bucket-read", "bucket-url", "bucket-put", "bucket-upload", "bucket-delete"]
ALL = [*TABLE, *BUCKET, "queue-send", "secret-read"]
READS = {"table-read", "table-query", "bucket-read", "bucket-url"}


@pytest.fixture(scope="module")
def snooped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The whole shop, with a function without grants, and one that may only read."""
    with opened(tmp_path_factory.mktemp("snooped") / "shop", whole=True) as made:
        for name in ("snoop", "reader"):
            made.write(f"app/handlers/{name}.py", SNOOP % {"name": name})
            made.add(f'name="{name}"', f'method="GET", path="/{name}/{{what}}", function="{name}"')
        made.edit(
            "infra/shop.py",
            '    "notify": (\n',
            '    "reader": (("table", "users", ("read",)), ("bucket", "uploads", ("read",))),\n'
            '    "notify": (\n',
        )
        made.up().ok()
        yield made


@pytest.mark.parametrize("what", ALL)
def test_a_function_without_a_grant_gets_an_access_error(snooped: Project, what: str) -> None:
    found = snooped.get(f"/snoop/{what}").json()
    assert found["error"] == "AccessDeniedError", found
    kind = what.partition("-")[0]
    name = {"table": "users", "bucket": "uploads", "queue": "welcome", "secret": "token-key"}[kind]
    for word in ("snoop", kind, name, "infra/shop.py"):
        assert word in found["detail"]


@pytest.mark.parametrize("what", [*TABLE, *BUCKET])
def test_a_function_that_may_read_may_not_write(snooped: Project, what: str) -> None:
    found = snooped.get(f"/reader/{what}").json()
    if what in READS:
        assert found["error"] in {None, "BlobMissingError"}
    else:
        assert found["error"] == "AccessDeniedError", found
        assert "write" in found["detail"]
