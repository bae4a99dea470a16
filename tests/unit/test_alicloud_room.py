"""Environments and policies have room for grants, and the shop's own checks know this cloud."""

from dataclasses import replace

import pytest

from infra.alicloud import access
from infra.alicloud.api import calls
from infra.alicloud.names import Names
from infra.alicloud.places import Places
from infra.check import problems
from infra.model import Function, Index, Platform, Queue, Route, Scaling, Table
from infra.settings_alicloud import Domain
from tests.support.alicloud_refused import INSTANCE, changed, found
from tests.unit.sound_shop import SHOP, grant


def places() -> Places:
    """Where things would be, the account at its longest."""
    return Places(Names("dev", INSTANCE), "cn-hangzhou", "0" * 16)


def test_an_environment_has_room_for_what_grants_put_into_it() -> None:
    """Its own variables alone would fit."""
    stated = access.variables(SHOP, SHOP.functions[0], places(), {})
    room = 4096 - sum(len(name) + len(text) for name, text in stated.items())

    def heavy(size: int) -> Platform:
        return changed("orders", environment={"FILLER": "x" * (size - len("FILLER"))})

    assert found(heavy(room)) == []
    assert problems(heavy(room + 1), "alicloud", local=False) == ()
    assert found(heavy(room + 1)) == [
        (
            f"functions.orders: 4097 bytes of environment, {4096 - room} of them for its grants "
            "→ grant it less, give part of its work to another function, or shorten variables"
        )
    ]


def test_a_policy_is_no_larger_than_ram_takes() -> None:
    """Names of secrets cost twice: the parameter, and what KMS keeps of it."""
    names = [f"secret-{number:02}-{'n' * 60}" for number in range(20)]
    more = tuple(grant("order-mail", "secret", name, "read") for name in names)
    lines = found(replace(SHOP, grants=(*SHOP.grants, *more)))
    (line,) = [each for each in lines if "policy" in each]
    assert line.startswith("functions.order-mail: ")
    assert line.endswith("→ grant it less, or give part of its work to another function")


@pytest.mark.parametrize("function", ["orders", "order-mail", "sweep"])
def test_a_policy_is_measured_as_the_role_gets_it(function: str) -> None:
    """Only what a schedule calls has a queue for its failed calls."""
    failed = "shop-dev-failed" if function == "sweep" else None

    def shop(*names: str) -> Platform:
        more = tuple(grant(function, "queue", name, "send") for name in names)
        queues = tuple(Queue(name=name, consumer="order-mail") for name in names)
        return replace(SHOP, grants=(*SHOP.grants, *more), queues=(*SHOP.queues, *queues))

    def size(*names: str) -> int:
        document = access.policy(shop(*names), function, places(), logs="functions", failed=failed)
        return len(document.encode())

    each = size("q" * 90 + "00") - size()
    count = (access.LONGEST_POLICY - size()) // each
    names = [f"{'q' * 90}{number:02}" for number in range(count)]
    room = access.LONGEST_POLICY - size(*names)
    fits, over = ([*names[:-1], names[-1] + "x" * room] for room in (room, room + 1))
    assert (size(*fits), size(*over)) == (6144, 6145)
    assert [line for line in found(shop(*fits)) if "policy" in line] == []
    (line,) = [line for line in found(shop(*over)) if "policy" in line]
    assert line.startswith(f"functions.{function}: 6145 bytes in the policy")


def routed(longer: int) -> Platform:
    """A shop of 63 functions with a route each; the last one's name is longer by some letters."""
    names = [f"f{number:02}-{'n' * 34}" for number in range(63)]
    names[-1] += "n" * longer
    return Platform(
        stack="dev",
        functions=tuple(Function(name=each, scaling=Scaling(max_instances=1)) for each in names),
        routes=tuple(Route(method="GET", path=f"/{each}", function=each) for each in names),
    )


def test_the_policy_by_which_api_gateway_calls_functions_is_no_larger_than_ram_takes() -> None:
    """A custom domain needs none."""
    document = calls([each.name for each in routed(0).functions], places())
    room = 6144 - len(document)
    assert 0 <= room < 10
    assert found(routed(room)) == []
    (line,) = found(routed(room + 1))
    assert line == (
        "routes: 6145 bytes in the policy of API Gateway's role, for the 63 functions that have "
        "routes → give some of them to other functions, or state alicloud.domain, which needs no "
        "role"
    )
    assert found(routed(room + 1), domain=Domain(name="shop.example.com")) == []


@pytest.mark.parametrize(
    ("platform", "path"),
    [
        (changed("orders", memory_mb=200), "functions.orders.memory_mb"),
        (changed("orders", memory_mb=64), "functions.orders.memory_mb"),
        (
            changed("orders", environment={"FC_REGION": "x"}),
            "functions.orders.environment.FC_REGION",
        ),
        (changed("orders", scaling=Scaling(queue_ms=1)), "functions.orders.queue_ms"),
        (changed("sweep", timeout_s=86_401), "functions.sweep.timeout_s"),
        (
            replace(
                SHOP,
                tables=(
                    Table(
                        name="orders",
                        partition="id",
                        expiring=True,
                        indexes=(Index(name="by", partition="user"),),
                    ),
                ),
            ),
            "tables.orders.expiring",
        ),
        (
            replace(SHOP, tables=(Table(name="order-lines", partition="id"),)),
            "tables.order-lines",
        ),
        (
            replace(
                SHOP,
                tables=(
                    Table(
                        name="orders",
                        partition="id",
                        indexes=tuple(
                            Index(name=f"by_{each}", partition=each) for each in "abcdef"
                        ),
                    ),
                ),
            ),
            "tables.orders.indexes",
        ),
        (
            replace(
                SHOP,
                tables=tuple(Table(name=f"table_{n}", partition="id") for n in range(65)),
            ),
            "tables",
        ),
    ],
)
def test_what_the_shops_own_checks_refuse_for_alibaba_cloud(platform: Platform, path: str) -> None:
    """Sizes, reserved names, expiry with indexes, names of tables, five indexes, 64 tables."""
    assert path in {each.path for each in problems(platform, "alicloud", local=False)}
