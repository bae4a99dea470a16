"""What functions get for the letters that they send, as the settings state it.

Letters that are kept are rows of the table `letters`, which is there either way: what was kept goes
out of it by itself. A mail server takes a secret instead.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from infra.model import Action, Function, ResourceKind

By = Literal["kept", "smtp"]
Granted = tuple[ResourceKind, str, tuple[Action, ...]]

SENDING: Final = ("notify", "events")
"""The functions that send letters."""

NEEDS: Final[Mapping[By, Granted]] = {
    "kept": ("table", "letters", ("write",)),
    "smtp": ("secret", "smtp-url", ("read",)),
}

ELSEWHERE: Final[Mapping[str, str]] = {
    "smtp-url": "your mail server has it: smtps://user:password@mail.example.com",
}
"""Secrets that are made elsewhere, and where they are found: a random one would open nothing."""


def sending(functions: tuple[Function, ...], by: By, sender: str) -> tuple[Function, ...]:
    """The functions, of which those that send letters know how, and in whose name."""
    stated = {"SHOP_NOTIFICATIONS": by, **({"SHOP_NOTIFICATIONS_FROM": sender} if sender else {})}
    return tuple(
        replace(each, environment={**each.environment, **stated}) if each.name in SENDING else each
        for each in functions
    )


def granted(grants: Mapping[str, tuple[Granted, ...]], by: By) -> dict[str, tuple[Granted, ...]]:
    """What functions are granted, by their names, with what sending letters adds to it."""
    return {
        name: (*may, NEEDS[by]) if name in SENDING else tuple(may) for name, may in grants.items()
    }
