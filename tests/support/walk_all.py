"""A customer's whole way through packed functions, and what is held against them in the end."""

from collections.abc import Callable
from typing import Protocol

from tests.support import walk, walk_after, walk_shop
from tests.support.role_policies import Judged, Rule


class Held(walk.Packed, Protocol):
    """Functions that were looked at meanwhile."""

    def imported_elsewhere(self) -> set[str]:
        """What any of them imported from neither its package, its runtime nor Python."""
        ...

    def judged(self) -> Judged:
        """What the functions did until now, and what their roles allow."""
        ...


def walk_all(packed: Held, stack: str, grant_of: Callable[[Rule], tuple[str, str]]) -> None:
    """All of it: everything that was done is allowed, and every grant was needed but a few.

    `grant_of` tells what the shop's page grants for a rule; see Judged.
    """
    walk.whole(packed, stack)
    walk_after.whole(packed, walk_shop.whole(packed))
    elsewhere = packed.imported_elsewhere()
    assert not elsewhere, f"imported from elsewhere: {sorted(elsewhere)}"
    judged = packed.judged()
    refused, useless = judged.refused(), judged.useless(grant_of)
    assert not refused, f"done and not allowed: {refused}"
    known = set(walk_after.UNUSED)
    assert not useless - known, f"granted and never needed: {sorted(useless - known)}"
    assert not known - useless, f"needed, though UNUSED says not: {sorted(known - useless)}"
