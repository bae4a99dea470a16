"""The shop on stores in memory: its own grants, its handlers, both clouds' events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote

from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.cloud import MemoryCloud
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.tables import MemoryTable
from app.bootstrap import Services
from app.gateways import alicloud, aws
from app.gateways.answer import answer
from app.handlers import events, notify, status, sweep
from app.messages import Message
from app.ports.adapters import Adapters
from app.ports.tables import Row
from app.routing import RouteTable
from infra import shop, shop_letters
from infra.granted import keys

NOW_MS = 1_764_000_000_000
TOKEN_KEY = "k" * 43
PASSWORD = "a few plain words"
OTHER = "some other words"
CLOUDS = ("aws", "alicloud")

_TABLES = {table.name: table for table in shop.TABLES}


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; `json` is None where the body is empty."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None


class MemoryShop:
    """One shop. `cloud` holds its stores, `clock` stands still until it is moved."""

    def __init__(self, *, lag_ms: int = 0, **environment: str) -> None:
        """`environment` is every function's own, beside what the grants give."""
        self.clock = MemoryClock(NOW_MS)
        self.cloud = MemoryCloud(self.clock, {"token-key": TOKEN_KEY}, lag_ms=lag_ms)
        self._environment = environment
        for name in _TABLES:
            self.cloud.table(name, _stated_table(name, ()))
        for bucket in shop.BUCKETS:
            self.cloud.bucket(bucket.name, {"may": [], "public": bucket.public})
        for queue in shop.QUEUES:
            self.cloud.queue(queue.name, {"may": []})

    def services(self, function: str, adapters: Adapters | None = None) -> Services:
        """What the function's handlers get; `adapters` stand between it and the stores."""
        return Services({**environment(function), **self._environment}, adapters or self.cloud)

    def call(
        self,
        key: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        cloud: str = "aws",
        address: str = "192.0.2.1",
        adapters: Adapters | None = None,
    ) -> Answer:
        """Send `POST /users` through a cloud's event; bytes as they are, all else as JSON."""
        method, _, whole = key.partition(" ")
        path, _, query = whole.partition("?")
        sent = {"content-type": "application/json", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        text = body.decode("latin-1") if isinstance(body, bytes) else json.dumps(body)
        function = _function(method, path)
        routes = import_module(f"app.handlers.{function}").ROUTES
        read = {"aws": _from_aws, "alicloud": _from_alicloud}[cloud]
        asked = _Asked(method, path, query, sent, "" if body is None else text, address)
        request = read(RouteTable(routes), asked)
        try:
            response = routes[request.route](request, self.services(function, adapters))
        except Exception as error:
            if (response := status.respond(error, "request-1")).status == 500:
                raise
        found = answer(response)
        told: dict[str, str] = found["headers"]  # type: ignore[assignment]
        content = str(found["body"])
        return Answer(response.status, told, json.loads(content) if content else None)

    def register(
        self, username: str = "tea-house", password: str = PASSWORD, email: str = ""
    ) -> Answer:
        user = {"username": username, "password": password, "email": email}
        return self.call("POST /users", user)

    def log_in(self, username: str = "tea-house", password: str = PASSWORD, **more: Any) -> Answer:
        return self.call("POST /sessions", {"username": username, "password": password}, **more)

    def change(
        self,
        token: str,
        old: str = PASSWORD,
        new: str = OTHER,
        adapters: Adapters | None = None,
    ) -> int:
        """The status of setting a new password."""
        body = {"old_password": old, "new_password": new}
        return self.call("PUT /users/me/password", body, token=token, adapters=adapters).status

    def token(self, username: str = "tea-house") -> str:
        """A token of a user who is registered for it where he is not yet."""
        self.register(username)
        return str(self.log_in(username).json["token"])

    def admin(self, username: str = "shopkeeper") -> str:
        """A token of an admin."""
        self.register(username)
        self.table("users").update({"username": username}, set={"role": "admin"})
        return self.token(username)

    def sweep(self, adapters: Adapters | None = None) -> dict[str, int]:
        return sweep.run(self.services("sweep", adapters))

    def consume(self, message: Message, adapters: Adapters | None = None) -> None:
        notify.consume(message, self.services("notify", adapters))

    def tell(self, message: Message, adapters: Adapters | None = None) -> None:
        """Hand out one event of the shop."""
        events.consume(message, self.services("events", adapters))

    def tell_all(self) -> None:
        """Hand out all events of the shop, the twice-sent twice."""
        for message in list(self.cloud.queues["events"].messages):
            self.tell(message)

    def letters(self, to: str) -> list[Row]:
        """The letters that this address got, the oldest first."""
        return list(self.table("letters").query(to).rows)

    def consume_all(self) -> None:
        """Hand out what the queue has, the twice-sent twice."""
        for message in list(self.queue.messages):
            self.consume(message)

    @property
    def queue(self) -> MemoryQueue:
        return self.cloud.queues["welcome"]

    @property
    def bucket(self) -> MemoryBucket:
        return self.cloud.buckets["uploads"]

    def table(self, name: str) -> MemoryTable:
        return self.cloud.tables[name]

    def user(self, key: str = "tea-house") -> Row | None:
        return self.table("users").get({"username": key})


@cache
def environment(function: str) -> Mapping[str, str]:
    """What the function's grants give it, as the shop declares them."""
    stated: dict[str, dict[str, Any]] = {"table": {}, "bucket": {}, "queue": {}, "secret": {}}
    for kind, name, may in shop_letters.granted(shop.GRANTS, "kept")[function]:
        one = _stated_table(name, may) if kind == "table" else {"may": list(may)}
        stated[kind][name] = one
    return {
        "SHOP_STACK": "local",
        "SHOP_HANDLER": function,
        "SHOP_NOTIFICATIONS": "kept",
        "SHOP_TABLES": json.dumps(stated["table"]),
        "SHOP_BUCKETS": json.dumps(stated["bucket"]),
        "SHOP_QUEUES": json.dumps(stated["queue"]),
        "SHOP_SECRETS": json.dumps(stated["secret"]),
    }


def _stated_table(name: str, may: tuple[str, ...]) -> dict[str, Any]:
    return {"may": list(may), **keys(_TABLES[name])}


@dataclass(frozen=True)
class _Asked:
    """One request as its sender made it; the query is percent-encoded, the path is not."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    address: str

    @property
    def http(self) -> dict[str, str]:
        return {"method": self.method, "path": self.path, "sourceIp": self.address}

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@cache
def _routes() -> tuple[RouteTable, Mapping[str, str]]:
    return RouteTable(each.key for each in shop.ROUTES), {
        each.key: each.function for each in shop.ROUTES
    }


def _function(method: str, path: str) -> str:
    """Which function the shop's routes give this to; health's answer is 404 where none."""
    table, functions = _routes()
    found = table.match(method, quote(path, safe="/"))
    return "health" if found is None else functions[found[0]]


def _from_aws(table: RouteTable, asked: _Asked) -> Any:
    raw = quote(asked.path, safe="/")
    route, parameters = table.match(asked.method, raw) or ("$default", {})
    event = {
        "routeKey": route,
        "pathParameters": parameters,
        "queryStringParameters": asked.parameters,
        "headers": asked.headers,
        "requestContext": {"requestId": "request-1", "http": asked.http},
        "body": asked.body,
    }
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 3000)
    return aws.request(event, context, table)


def _from_alicloud(table: RouteTable, asked: _Asked) -> Any:
    event = {
        "rawPath": quote(asked.path, safe="/"),
        "queryParameters": asked.parameters,
        "headers": {name.title(): value for name, value in asked.headers.items()},
        "requestContext": {"requestId": "request-1", "http": asked.http},
        "body": asked.body,
    }
    context = SimpleNamespace(function=SimpleNamespace(timeout=3))
    return alicloud.request(json.dumps(event).encode(), context, table)
