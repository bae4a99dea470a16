"""Environments and policies have room for grants, and the shop's own checks know this cloud."""

from dataclasses import replace

import pytest

from infra.alicloud import access
from infra.alicloud.names import Names
from infra.alicloud.places import Places
from infra.check import problems
from infra.model import Index, Platform, Scaling, Table
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
