"""The shop in memory, and what each of its functions may do there."""

from typing import Any

import pytest

from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.cloud import MemoryCloud
from app.bootstrap import Services
from app.ports.errors import AccessDeniedError, ConditionFailedError
from infra import shop as declared
from tests.support.grants_used import granted
from tests.support.grants_walk import Walked, whole_way
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
    """Each is used on one way through the whole shop; what is not granted is refused there."""
    shop = Walked()
    whole_way(shop)
    assert sorted(granted() - shop.used) == []
