"""The whole program, run as Pulumi runs it, declares what the stack file says, or nothing."""

import json
import runpy
from dataclasses import asdict
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks

from infra import shop
from infra.local import launch
from infra.local.places import Places
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.settings import Settings
from tests.support.program import ROOT, Declared, apart

SCALING = {
    "mode": "utilisation",
    "goal": {"wait_ms": 5},
    "used_percent": 80,
    "recycle": {"requests": 9},
}
RUNTIME, FUNCTION, GATEWAY = "local:index:Runtime", "local:index:Function", "local:index:Gateway"
TABLE, QUEUE = "local:index:Table", "local:index:Queue"


def served_at(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """Where the gateway says that it answers."""
    return {"url": f"http://127.0.0.1:{args.inputs['port']:.0f}"} if args.typ == GATEWAY else {}


def prepare(stack_settings: object) -> Declared:
    """Pulumi set up with a stack file of these settings."""
    declared = Declared(served_at)
    mocks.set_mocks(declared, project="shop", stack="local", preview=True)
    value = stack_settings if isinstance(stack_settings, str) else json.dumps(stack_settings)
    pulumi.runtime.set_all_config({"shop:settings": value})
    return declared


def run(stack_settings: object) -> tuple[Declared, dict[str, Any]]:
    """What the program declares for a stack with these settings, and what it exports."""
    exported: dict[str, Any] = {}

    def work() -> Declared:
        declared = prepare(stack_settings)

        @mocks.test  # type: ignore[untyped-decorator]
        def program() -> Any:
            runpy.run_path(str(ROOT / "infra"), run_name="__main__")
            outputs = pulumi.runtime.get_root_resource().outputs  # type: ignore[union-attr]
            return pulumi.Output.all(**outputs).apply(exported.update)

        program()
        return declared

    return apart(work), exported


def of_the_repository() -> object:
    return yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text())["config"][
        "shop:settings"
    ]


def test_the_repositorys_own_stack_declares_every_part_of_the_shop_once() -> None:
    declared, exported = run(of_the_repository())
    made = shop.platform(Settings(target="local"), "local")
    shop_of = {
        "runtime": ["runtime"],
        "table": [f"table-{each.name}" for each in made.tables],
        "bucket": [f"bucket-{each.name}" for each in made.buckets],
        "storage": ["storage"],
        "queue": [f"queue-{each.name}" for each in made.queues],
        "function": [each.name for each in made.functions],
        "schedule": [f"schedule-{each.name}" for each in made.schedules],
        "gateway": ["gateway"],
    }
    for kind, names in shop_of.items():
        assert sorted(declared.names(f"local:index:{kind.capitalize()}")) == sorted(names)
    others = {"pulumi:pulumi:Stack", "shop:local:Target"}
    kinds = {each.typ for each in declared.resources} - others
    assert kinds == {f"local:index:{kind.capitalize()}" for kind in shop_of}
    assert exported == {"url": f"http://127.0.0.1:{Places(ROOT).port}"}


def test_a_function_without_grants_is_given_its_code_its_limits_and_no_store() -> None:
    declared, _ = run(of_the_repository())
    function = declared.inputs(FUNCTION, "health")
    assert len(function.pop("fingerprint")) == 64
    assert function == {
        "runtime": "runtime-id",
        "name": "health",
        "emulate": "aws",
        "handler": "app.entrypoints.aws.http",
        "source": str(ROOT),
        "modules": ["app.entrypoints.aws", "app.entrypoints.aws_http", "app.handlers.health"],
        "memory_mb": 128,
        "timeout_s": 5,
        "min_instances": 0,
        "max_instances": 10,
        "queue_ms": 0,
        "environment": {
            "SHOP_STACK": "local",
            "SHOP_HANDLER": "health",
            "SHOP_ADAPTERS": "local",
        },
    }


def test_the_gateway_serves_every_route_of_the_shop() -> None:
    declared, _ = run(of_the_repository())
    assert declared.inputs(GATEWAY) == {
        "runtime": "runtime-id",
        "port": Places(ROOT).port,
        "emulate": "aws",
        "body_limit": 262_144,
        "routes": {
            route.key: route.function
            for route in shop.platform(Settings(target="local"), "local").routes
        },
    }
    assert declared.inputs(RUNTIME) == {
        "release": launch.release(),
        **asdict(RuntimeSpec()),
    }


def test_a_function_is_told_what_it_is_granted_and_nothing_else() -> None:
    declared, _ = run({"target": "local", "local": {"storage_port": 9999}})
    told = declared.inputs(FUNCTION, "uploads")["environment"]
    places = Places(ROOT)
    tables = json.loads(told["SHOP_TABLES"])
    assert {name: each["may"] for name, each in tables.items()} == {
        "sessions": ["read"],
        "uploads": ["read", "write"],
        "users": ["read"],
    }
    assert tables["uploads"] == {
        "may": ["read", "write"],
        "at": str(places.data / "tables" / "uploads"),
        "durability": "full",
        "partition": "owner",
        "sort": "upload",
        "indexes": {"by_pending": ["pending", "upload"]},
        "expiring": False,
    }
    assert json.loads(told["SHOP_BUCKETS"]) == {
        "uploads": {
            "may": ["read", "write"],
            "at": str(places.data / "buckets" / "uploads"),
            "durability": "full",
            "url": "http://127.0.0.1:9999",
            "key": str(places.secrets / "storage-key"),
        }
    }
    assert json.loads(told["SHOP_SECRETS"]) == {
        "token-key": {"may": ["read"], "at": str(places.secrets / "token-key")}
    }
    assert "SHOP_QUEUES" not in told
    assert told["SHOP_ADAPTERS"] == "local"
    queues = json.loads(declared.inputs(FUNCTION, "auth")["environment"]["SHOP_QUEUES"])
    assert queues["welcome"]["at"] == str(places.data / "queues" / "welcome.db")


def test_what_calls_a_function_chooses_its_entrypoint() -> None:
    declared, _ = run({"target": "local"})
    handlers = {
        name: declared.inputs(FUNCTION, name)["handler"].rpartition(".")[2]
        for name in declared.names(FUNCTION)
    }
    assert handlers["auth"] == "http"
    assert handlers["notify"] == "queue"
    assert handlers["sweep"] == "schedule"


def test_the_stores_settings_reach_what_they_are_about() -> None:
    stated = {
        "target": "local",
        "local": {"durability": "normal", "index_lag_ms": 50},
        "tables": {"users": {"allow_replace": True}},
    }
    declared, _ = run(stated)
    tables = json.loads(declared.inputs(FUNCTION, "auth")["environment"]["SHOP_TABLES"])
    assert (tables["users"]["durability"], tables["users"]["lag_ms"]) == ("normal", 50)
    assert declared.inputs(QUEUE, "queue-welcome")["durability"] == "normal"
    assert declared.inputs(TABLE, "table-users")["allow_replace"] is True
    assert declared.inputs(TABLE, "table-uploads")["allow_replace"] is False


def test_what_the_stack_changes_reaches_just_the_resource_that_it_is_of() -> None:
    usual, _ = run({"target": "local"})
    declared, exported = run(
        {
            "target": "local",
            "local": {"emulate": "alicloud", "port": 8080, "scaling": SCALING, "log_max_mb": 2},
            "functions": {"health": {"timeout_s": 7, "environment": {"GREETING": "hello"}}},
        }
    )
    assert exported == {"url": "http://127.0.0.1:8080"}
    changed = RuntimeSpec(
        mode="utilisation", wait_ms=5, used_percent=80, recycle_requests=9, log_max_mb=2
    )
    assert declared.inputs(RUNTIME) == {"release": launch.release(), **asdict(changed)}
    function = declared.inputs(FUNCTION, "health")
    assert (function["emulate"], function["timeout_s"]) == ("alicloud", 7)
    assert function["handler"] == "app.entrypoints.alicloud.http"
    assert function["environment"]["GREETING"] == "hello"
    assert function["fingerprint"] != usual.inputs(FUNCTION, "health")["fingerprint"]
    assert declared.inputs(GATEWAY)["emulate"] == "alicloud"


def test_running_it_twice_declares_the_same() -> None:
    first, _ = run({"target": "local"})
    second, _ = run({"target": "local"})
    assert {each.name: each.inputs for each in first.resources} == {
        each.name: each.inputs for each in second.resources
    }


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"target": "local", "locla": {}}, "locla"),
        ({"target": "local", "functions": {"health": {"memory_mb": 5}}}, "memory_mb"),
        ({"target": "moon"}, "target"),
        ("just text", "shop:settings"),
    ],
)
def test_a_wrong_setting_is_reported_and_nothing_is_declared(
    wrong: object, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> Declared:
        declared = prepare(wrong)
        with pytest.raises(SystemExit) as raised:
            runpy.run_path(str(ROOT / "infra"), run_name="__main__")
        assert raised.value.code == 32
        return declared

    declared = apart(work)
    told = caplog.text
    assert "nothing was changed" in told
    assert words in told
    assert "Traceback" not in told
    assert [each.typ for each in declared.resources] == []
