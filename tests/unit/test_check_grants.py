"""Grants name what is there, allow what can be done with it, and leave nothing unused."""

import pytest

from infra.model import Action, ResourceKind
from tests.unit.sound_shop import SHOP, found, grant


def test_a_grant_names_a_resource_that_is_there() -> None:
    """The nearest name is offered; secrets are declared by their grants alone."""
    grants = (*SHOP.grants, grant("orders", "table", "order", "read"))
    assert found(grants=grants) == ["grants.orders.table.order: order → write orders"]


def test_a_secret_is_named_as_both_clouds_take_it() -> None:
    """It becomes the name of a secret in their stores."""
    grants = (*SHOP.grants, grant("orders", "secret", "TOKEN", "read"))
    assert found(grants=grants) == [
        (
            "grants.orders.secret.TOKEN: TOKEN → "
            "use lower-case letters and digits, a letter first, words joined by hyphens"
        )
    ]


def test_a_function_is_granted_a_resource_once() -> None:
    """Two grants for one thing hide what is allowed."""
    grants = (*SHOP.grants, grant("orders", "table", "sessions", "write"))
    assert found(grants=grants) == [
        "grants.orders.table.sessions: granted 2 times → join them into one grant"
    ]


def test_a_grant_allows_something() -> None:
    """One without actions is a mistake."""
    grants = (*SHOP.grants, grant("sweep", "table", "orders"))
    assert found(grants=grants) == ["grants.sweep.table.orders: no actions → add read or write"]


@pytest.mark.parametrize(
    ("kind", "resource", "action", "remedy"),
    [
        ("table", "orders", "send", "use read or write"),
        ("bucket", "images", "send", "use read or write"),
        ("queue", "mails", "read", "use send"),
        ("queue", "mails", "write", "use send"),
        ("secret", "token-key", "write", "use read"),
    ],
)
def test_an_action_is_one_that_the_kind_offers(
    kind: ResourceKind, resource: str, action: Action, remedy: str
) -> None:
    """A queue is sent to, a secret is read; receiving is the consumer's by itself."""
    assert found(grants=(*SHOP.grants, grant("sweep", kind, resource, action))) == [
        f"grants.sweep.{kind}.{resource}: {action} → {remedy}"
    ]


def test_what_no_function_may_use_is_refused() -> None:
    """A store that stands empty costs, and a queue without a sender hides a missing grant."""
    assert found(grants=()) == [
        "tables.orders:  → grant read or write to a function, or remove it",
        "tables.sessions:  → grant read or write to a function, or remove it",
        "buckets.images:  → grant read or write to a function, or remove it",
        "queues.mails:  → grant send to a function, or remove the queue",
    ]
