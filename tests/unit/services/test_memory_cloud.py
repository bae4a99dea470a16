"""The shop in memory, and what each of its functions may do there."""

import json
import re
from typing import Any

import pytest

from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.cloud import MemoryCloud
from app.bootstrap import Services
from app.domain.shards import shard
from app.ports.errors import AccessDeniedError, ConditionFailedError
from infra import shop as declared
from tests.support.memory_shop import NOW_MS, MemoryShop, environment

TABLE: dict[str, Any] = {"may": ["read", "write"], "partition": "name", "sort": None, "indexes": {}}


def test_whoever_asks_by_one_name_gets_the_same_store() -> None:
    cloud = MemoryCloud(MemoryClock(NOW_MS), {})

    assert cloud.table("a", TABLE) is cloud.table("a", TABLE)
    assert cloud.table("a", TABLE) is not cloud.table("b", TABLE)
    assert cloud.bucket("a", {"may": []}) is cloud.buckets["a"]
    assert cloud.queue("a", {"may": []}) is cloud.queues["a"]


def test_two_functions_meet_in_one_table() -> None:
    shop = MemoryShop()
    shop.services("auth").table("users").put({"username": "a", "user_id": "1"})

    assert shop.services("uploads").table("users").get({"username": "a"}) is not None
    with pytest.raises(ConditionFailedError):
        shop.services("sweep").table("users").put({"username": "a"}, if_absent=True)


@pytest.mark.parametrize("function", sorted(declared.GRANTS))
def test_a_function_whose_grants_are_all_taken_away_is_denied(function: str) -> None:
    bare = {
        name: "{}" if name.endswith(("TABLES", "BUCKETS", "QUEUES", "SECRETS")) else value
        for name, value in environment(function).items()
    }
    services = Services(bare, MemoryShop().cloud)

    for kind, name, _ in declared.GRANTS[function]:
        with pytest.raises(AccessDeniedError, match=name):
            _ = services.secrets.get(name) if kind == "secret" else getattr(services, kind)(name)


def test_the_grants_are_the_least_that_the_functions_run_with() -> None:
    """Each taken away alone breaks something of what the function does."""
    needless = {
        (function, kind, name, action)
        for function, granted in declared.GRANTS.items()
        for kind, name, actions in granted
        for action in actions
        if not _breaks(function, kind, name, action)
    }

    assert needless == set()


def _breaks(function: str, kind: str, name: str, action: str) -> bool:
    """Whether a whole way through the shop fails without this action."""
    shop = MemoryShop()
    key = {"table": "SHOP_TABLES", "bucket": "SHOP_BUCKETS"}.get(kind, f"SHOP_{kind.upper()}S")
    stated = json.loads(environment(function)[key])
    stated[name]["may"].remove(action)
    less = Services({**environment(function), key: json.dumps(stated)}, shop.cloud)
    whole = shop.services

    def services(wanted: str, adapters: object = None) -> Services:
        return less if wanted == function else whole(wanted, adapters)  # type: ignore[arg-type]

    shop.services = services  # type: ignore[method-assign, assignment]
    try:
        _whole_way(shop)
    except Exception:  # noqa: BLE001 - whichever of them it is
        return True
    return bool([user for user in shop.table("users")._rows.values() if "outbox" in user])


def _accounts(shop: MemoryShop) -> None:
    """A forgotten password, and an admin whose deeds are in the audit trail."""
    email = "tea@house.example"
    shop.register("forgetful", email=email)
    assert shop.call("POST /password-resets", {"username": "forgetful"}).status == 202
    shop.consume_all()
    assert len(shop.letters(email)) == 2
    found = [re.search(r"resets/([\w-]{43})", str(row["text"])) for row in shop.letters(email)]
    (token,) = [each[1] for each in found if each is not None]
    path = f"POST /password-resets/{token}"
    assert shop.call(path, {"new_password": "some other words"}).status == 204
    assert not shop.table("resets")._rows
    admin = shop.admin()
    product = {"name": "Tea", "price": 1, "currency": "EUR"}
    assert shop.call("POST /admin/products", product, token=admin).status == 201
    shop.tell_all()
    shop.tell_all()
    assert len(shop.call("GET /admin/audit", token=admin).json["entries"]) == 1


def _whole_way(shop: MemoryShop) -> None:
    token = shop.token()
    assert shop.call("GET /users/me", token=token).status == 200
    assert len(shop.queue.messages) == 1
    begun = shop.call("POST /uploads", {"content_type": "text/plain", "size": 3}, token=token)
    shop.bucket.receive(begun.json["url"], begun.json["headers"], b"abc")
    assert shop.call(f"GET /uploads/{begun.json['key']}", token=token).status == 200
    shop.consume_all()
    _accounts(shop)
    user = {**(shop.user() or {}), "outbox": shard("welcome", "tea-house"), "outbox_at": "0"}
    shop.table("users").put(user)
    shop.clock.advance(2 * 24 * 60 * 60 * 1000)
    assert shop.sweep()["outbox"] == 1
