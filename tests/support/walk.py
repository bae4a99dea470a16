"""A customer's way through the functions as they are packed, and what the clock brings about."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import httpx

from app.domain.ids import new_id
from app.domain.shards import shard
from app.domain.uploads import UNFINISHED_MS
from app.ports.blobs import Bucket
from app.ports.tables import Table
from app.services.accounts import WELCOME
from app.services.upload_rows import new_upload, row
from tests.support.function_process import Answer

NONE: Mapping[str, str] = MappingProxyType({})
PASSWORD = "a few plain words"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
USERNAME = "Tea-House"


class Packed(Protocol):
    """The functions of a stack that run, and the stores that they use, as an operator has them."""

    def ask(
        self,
        function: str,
        route: str,
        body: object = None,
        *,
        headers: Mapping[str, str] = NONE,
        query: Mapping[str, str] = NONE,
        of: Mapping[str, str] = NONE,
    ) -> Answer:
        """What the function answers to a request of this route, as `GET /uploads/{key}`.

        A body that is a text goes as it is, any other as JSON; `of` are the path's parameters.
        """
        ...

    def published(self, url: str) -> bytes:
        """What anyone gets from a public bucket's address."""
        ...

    def table(self, name: str) -> Table:
        """A table, whatever is granted."""
        ...

    def bucket(self, name: str) -> Bucket:
        """A bucket, whatever is granted."""
        ...

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        ...

    def taken(self, queue: str) -> list[str]:
        """Take the messages out of a queue; their bodies."""
        ...

    def deliver(self, queue: str) -> int:
        """Hand a queue's messages to their consumer, twice, as queues may; how many there were.

        Fails unless all of them were dealt with.
        """
        ...

    def tick(self, schedule: str) -> None:
        """Have a schedule be due."""
        ...


def bearer(token: str) -> dict[str, str]:
    """What shows a user."""
    return {"authorization": f"Bearer {token}"}


def whole(packed: Packed, stack: str) -> None:
    """All of it, in order: health and pages, an account, an upload, the welcome and the sweep."""
    health = packed.ask("health", "GET /health").expect(200)
    assert health == {"status": "ok", "stack": stack}
    for page in ("GET /docs", "GET /openapi.json"):
        packed.ask("docs", page).expect(200)
    token = register_and_log_in(packed)
    upload_and_download(packed, token)
    assert packed.deliver("welcome") == 1
    assert packed.rows("notifications") == 1
    sweep(packed)
    assert packed.deliver("welcome") == 1, "the sweep sent it once more"
    assert packed.rows("notifications") == 1, "and nobody is welcomed twice"
    packed.ask("auth", "DELETE /sessions/current", headers=bearer(token)).expect(204)
    packed.ask("auth", "GET /users/me", headers=bearer(token)).expect(401)


def register_and_log_in(packed: Packed) -> str:
    """A new user's token; once, the welcome is in the queue."""
    person = {"username": USERNAME, "password": PASSWORD}
    made = packed.ask("auth", "POST /users", person)
    made.expect(201)
    packed.ask("auth", "POST /users", person).expect(409)
    packed.ask("auth", "POST /sessions", person | {"password": "not the one"}).expect(401)
    token = str(packed.ask("auth", "POST /sessions", person).expect(201)["token"])
    change = {"old_password": PASSWORD, "new_password": f"{PASSWORD} anew"}
    packed.ask("auth", "PUT /users/me/password", change, headers=bearer(token)).expect(204)
    me = packed.ask("auth", "GET /users/me", headers=bearer(token)).expect(200)
    assert me["user_id"] == made.body["user_id"]
    return token


def upload_and_download(packed: Packed, token: str) -> None:
    """What is PUT to the address that was handed out comes back from another one."""

    shown = bearer(token)

    def begun() -> Any:
        wanted = {"content_type": "image/png", "size": len(PICTURE)}
        return packed.ask("uploads", "POST /uploads", wanted, headers=shown).expect(201)

    def fetched(place: Any) -> Answer:
        return packed.ask("uploads", "GET /uploads/{key}", headers=shown, of={"key": place["key"]})

    with httpx.Client(trust_env=False, timeout=20) as browser:
        place = begun()
        fetched(place).expect(409)  # nothing is there yet
        sent = browser.put(place["url"], content=PICTURE, headers=place["headers"])
        assert sent.status_code == httpx.codes.OK, sent.text
        found = fetched(place).expect(200)
        assert browser.get(found["url"]).content == PICTURE
        wrong = begun()  # something else than it is said to be
        browser.put(wrong["url"], content=bytes(len(PICTURE)), headers=wrong["headers"])
        fetched(wrong).expect(409)


def sweep(packed: Packed) -> None:
    """What was left in the middle, a welcome and an upload, is gone once the schedule was due."""
    users, uploads, bucket = (
        packed.table("users"),
        packed.table("uploads"),
        packed.bucket("uploads"),
    )
    key = {"username": USERNAME.lower()}
    user = users.get(key)
    assert user is not None
    two_days_ago = int(time.time() * 1000) - 2 * UNFINISHED_MS
    waiting = shard(WELCOME, str(user["username"]))
    users.put({**user, "outbox": waiting, "outbox_at": new_id(two_days_ago)})
    began = new_upload(str(user["user_id"]), "text/plain", 3, two_days_ago)
    uploads.put(row(began))
    bucket.put(began.pending_place, b"old", "text/plain")
    packed.tick("sweep")
    swept = users.get(key)
    assert swept is not None
    assert "outbox" not in swept
    assert uploads.get(began.key) is None
    assert bucket.head(began.pending_place) is None
