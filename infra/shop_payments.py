"""What the shop is made of besides, by its provider of payments: which one, the settings state.

The fake has a page to pay at, and sends its webhooks over a queue; what it holds is rows. Stripe
has all of that at its own place, and takes two secrets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from infra.model import Action, Function, Queue, ResourceKind, Route, Table

Payments = Literal["fake", "stripe"]

Granted = tuple[ResourceKind, str, tuple[Action, ...]]

PAYING: Final = ("orders", "webhooks", "admin", "settle")
"""The functions that ask the provider, whichever it is."""
HOOKS: Final = "webhooks"
"""The one among them that takes in what the provider tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one provider brings.

    `paying` are those of its own functions that ask it, and do with an order what the shop's
    webhooks do; `needs` is what whoever asks it is granted for that, `verifying` what those are
    granted besides that take webhooks in.
    """

    functions: tuple[Function, ...] = ()
    routes: tuple[Route, ...] = ()
    tables: tuple[Table, ...] = ()
    queues: tuple[Queue, ...] = ()
    paying: tuple[str, ...] = ()
    needs: tuple[Granted, ...] = ()
    verifying: tuple[Granted, ...] = ()
    grants: Mapping[str, tuple[Granted, ...]] = field(default_factory=dict)


PARTS: Final[Mapping[Payments, Parts]] = {
    "fake": Parts(
        functions=(
            Function(name="paypage"),
            Function(name="payhooks"),
        ),
        routes=(
            Route(method="GET", path="/payments/fake/{payment}", function="paypage"),
            Route(method="POST", path="/payments/fake/{payment}", function="paypage"),
        ),
        tables=(
            Table(name="fake_payments", partition="payment"),
        ),
        queues=(
            # tried four times within the five minutes for which a signature is good
            Queue(name="fake-webhooks", consumer="payhooks", max_attempts=4),
        ),
        paying=("payhooks",),
        needs=(
            ("table", "fake_payments", ("read", "write")),
        ),
        verifying=(
            ("secret", "payments-webhook", ("read",)),
        ),
        grants={
            "paypage": (
                ("table", "fake_payments", ("read", "write")),
                ("queue", "fake-webhooks", ("send",)),
                ("secret", "payments-webhook", ("read",)),
            ),
        },
    ),
    "stripe": Parts(
        needs=(
            ("secret", "stripe-key", ("read",)),
        ),
        verifying=(
            ("secret", "stripe-webhook", ("read",)),
        ),
    ),
}  # fmt: skip
"""By the setting `payments`."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "stripe-key": "Stripe's dashboard has it under API keys: sk_… or rk_…",
    "stripe-webhook": "Stripe's dashboard has it beside the webhook's endpoint: whsec_…",
}
"""Secrets that the provider makes, and where they are found: a random one would open nothing."""

EVERY: Final = Parts(
    functions=tuple(one for each in PARTS.values() for one in each.functions),
    routes=tuple(one for each in PARTS.values() for one in each.routes),
    tables=tuple(one for each in PARTS.values() for one in each.tables),
    queues=tuple(one for each in PARTS.values() for one in each.queues),
)
"""What there is with one of them or another."""


def only_with(kind: Payments) -> Mapping[str, frozenset[str]]:
    """What no other provider brings: names as settings have them, by their kind there."""
    parts = PARTS[kind]
    return {
        "functions": frozenset(each.name for each in parts.functions),
        "routes": frozenset(each.key for each in parts.routes),
        "tables": frozenset(each.name for each in parts.tables),
        "queues": frozenset(each.name for each in parts.queues),
    }


def parts_of(functions: Iterable[str], kind: Payments) -> Parts:
    """What the provider brings to a shop of these functions: nothing where none of them pays."""
    return PARTS[kind] if {*PAYING, HOOKS} & {*functions} else Parts()


def paying(functions: tuple[Function, ...], kind: Payments) -> tuple[Function, ...]:
    """The functions and those that the provider brings, where each that asks it knows which."""
    parts = parts_of((each.name for each in functions), kind)
    asking = {*PAYING, *parts.paying}
    return tuple(
        replace(each, environment={**each.environment, "SHOP_PAYMENTS": kind})
        if each.name in asking
        else each
        for each in (*functions, *parts.functions)
    )


def granted(
    grants: Mapping[str, tuple[Granted, ...]], kind: Payments
) -> dict[str, tuple[Granted, ...]]:
    """What functions are granted, by their names, with what the provider adds to it."""
    parts = parts_of(grants, kind)
    more = dict.fromkeys(PAYING, parts.needs)
    more |= dict.fromkeys((HOOKS, *parts.paying), (*parts.needs, *parts.verifying))
    doing = dict.fromkeys(parts.paying, grants[HOOKS]) if parts.paying else {}
    made = {**grants, **parts.grants, **doing}
    return {name: (*may, *more.get(name, ())) for name, may in made.items()}
