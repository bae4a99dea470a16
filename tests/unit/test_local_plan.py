"""The local target's plan: what a platform becomes on this machine, as data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra import shop
from infra.errors import Refused
from infra.local import access
from infra.local.kinds.stores import Table
from infra.local.places import Places
from infra.local.plan import LOCAL_STACK, LocalConfig, Planned, plan
from infra.local.refusals import refuse
from infra.settings import Settings
from infra.settings_local import Local

ROOT = Path(__file__).resolve().parents[2]
WHOLE = shop.platform(Settings(target="local"), LOCAL_STACK)
SOURCE = "infra/shop.py"


def planned(**settings: object) -> dict[str, Planned]:
    """The whole shop's plan by name."""
    made = Local.model_validate(settings)
    return {each.name: each for each in plan(WHOLE, LocalConfig(root=ROOT, settings=made))}


def test_everything_comes_after_what_it_needs_and_has_a_name_of_its_own() -> None:
    made = plan(WHOLE, LocalConfig(root=ROOT, settings=Local()))
    seen: set[str] = set()
    for each in made:
        assert each.name not in seen
        assert set(each.after) <= seen, each.name
        seen.add(each.name)
    assert made[0].name == "runtime"
    assert made[-1].name == "gateway"


def test_stores_are_there_before_any_function_and_functions_before_what_calls_them() -> None:
    made = planned()
    assert {"table-users", "bucket-uploads", "queue-welcome"} <= set(made["auth"].after)
    assert made["schedule-sweep"].after == ("sweep",)
    assert {"auth", "uploads", "health"} <= set(made["gateway"].after)


def test_a_shop_without_a_bucket_serves_no_signed_addresses() -> None:
    grants = tuple(each for each in WHOLE.grants if each.kind != "bucket")
    bare = replace(WHOLE, buckets=(), grants=grants)
    kinds = {each.kind for each in plan(bare, LocalConfig(root=ROOT, settings=Local()))}
    assert not kinds & {"Bucket", "Storage"}


def test_the_storage_is_told_of_every_bucket_and_functions_of_its_port() -> None:
    made = planned(storage_port=9999)
    assert made["storage"].inputs["port"] == 9999
    buckets = json.loads(made["storage"].inputs["buckets"])
    assert buckets.keys() == {each.name for each in WHOLE.buckets}
    assert {each["url"] for each in buckets.values()} == {"http://127.0.0.1:9999"}
    told = json.loads(made["uploads"].inputs["environment"]["SHOP_BUCKETS"])
    assert told["uploads"]["url"] == buckets["uploads"]["url"]


@pytest.mark.parametrize("public", [True, False])
def test_a_public_bucket_is_told_that_it_is_and_another_nothing(*, public: bool) -> None:
    declared = replace(WHOLE.buckets[0], public=public)
    stated = access.bucket(declared, Places(ROOT), Local())
    assert stated.get("public") == (True if public else None)


def test_no_secret_is_in_a_plan_but_where_each_one_is() -> None:
    for each in planned().values():
        for secret in json.loads(each.inputs.get("environment", {}).get("SHOP_SECRETS", "{}")):
            stated = json.loads(each.inputs["environment"]["SHOP_SECRETS"])[secret]
            assert set(stated) == {"may", "at"}


def test_another_stack_cannot_have_this_checkouts_local_cloud() -> None:
    config = LocalConfig(root=ROOT, settings=Local())
    with pytest.raises(Refused, match="use the stack local, or another checkout"):
        refuse(replace(WHOLE, stack="dev"), config, SOURCE)


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ({"port": 9999, "storage_port": 9999}, "storage_port"),
        ({"storage_port": Places(ROOT).port}, "storage_port"),
        ({"port": Places(ROOT).storage_port}, "port"),
    ],
)
def test_the_shop_and_its_signed_addresses_do_not_share_a_port(
    stated: dict[str, int], key: str
) -> None:
    config = LocalConfig(root=ROOT, settings=Local.model_validate(stated))
    with pytest.raises(Refused, match=rf"local\.{key}: {stated[key]}\n.*share a port"):
        refuse(WHOLE, config, SOURCE)
    grants = tuple(each for each in WHOLE.grants if each.kind != "bucket")
    refuse(replace(WHOLE, buckets=(), grants=grants), config, SOURCE)


def test_another_key_for_rows_that_are_there_is_refused_unless_the_settings_allow_it(
    tmp_path: Path,
) -> None:
    config = LocalConfig(root=tmp_path, settings=Local())
    users = {
        "name": "users",
        "partition": "email",
        "sort": "",
        "indexes": {},
        "expiring": False,
        "allow_replace": False,
    }
    Table().create(config.places, users)
    refuse(WHOLE, config, SOURCE)  # no rows yet
    (config.places.data / "tables" / "users" / "rows.db").touch()
    with pytest.raises(Refused, match=r"tables\.users: username\n.*kept by email") as caught:
        refuse(WHOLE, config, SOURCE)
    assert "state tables.users.allow_replace: true" in str(caught.value)
    refuse(WHOLE, replace(config, replaceable=["users"]), SOURCE)
