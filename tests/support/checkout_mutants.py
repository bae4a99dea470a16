"""The protocol with one of its rules broken: what holds of a shop then holds no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.order import State, Step
from app.domain.slots import RESERVE, Accept, Free, Line, Slot
from app.ports.adapters import Adapters, Stated
from app.ports.tables import Condition, Key, Row, Table
from app.services.saga import Protocol
from tests.support.checkout_races import People, keys_of, workers_of
from tests.support.faults import Faults, KilledError


class StuckVersions(Protocol):
    """A write of a slot does not raise its version: so it can happen twice."""

    def raised(self, version: int) -> int:
        return version


class ByOrder(Protocol):
    """A marker is taken for accepted when its order holds the line, by whatever marker."""

    def settled(self, slot: Slot, line: Line | None) -> Accept | Free:
        if slot.kind == RESERVE and line is not None and line.hold:
            return Free(0)
        return super().settled(slot, line)


class NoFence(Protocol):
    """What can still be paid is released at once."""

    def cancelling(self, state: State) -> State:  # noqa: ARG002 - whatever it is
        return "releasing"


class UnknownIsVoid(Protocol):
    """A payment that the provider does not know is taken for void."""

    def payment(self, state: State, found: str | None) -> Step:
        if state == "voiding" and found is None:
            return "release"
        return super().payment(state, found)


class CartAgain(Protocol):
    """A cart may be ordered again whatever becomes of the order that it was kept for."""

    def leaves_cart(self, state: State) -> bool:  # noqa: ARG002 - whatever it is
        return True


class LateDue(Faults):
    """The sweep's list hears of an order, or an adjustment, when that is there already."""

    def __init__(self, adapters: Adapters) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._held: list[Callable[[], Any]] = []

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        if name == "due.put":
            self._held.append(run)
            return None
        result = run()
        if name in ("orders.put", "adjustments.put"):
            for put in self._held:
                put()
            self._held.clear()
        return result


class Halved(Faults):
    """Giving back is two writes of the stock row: the pieces and the marker, either one first."""

    def __init__(self, adapters: Adapters, *, give_first: bool) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._give_first = give_first

    def table(self, name: str, stated: Stated) -> Table:
        found = self._adapters.table(name, stated)
        return _Halves(found, self._give_first) if name in ("stock", "promotions") else found  # type: ignore[return-value]


class _Halves:
    def __init__(self, table: Table, give_first: bool) -> None:  # noqa: FBT001
        self._table = table
        self._give_first = give_first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def update(
        self,
        key: Key,
        *,
        set: Row | None = None,  # noqa: A002 - the port's
        add: Mapping[str, int] | None = None,
        remove: Sequence[str] = (),
        when: Sequence[Condition] = (),
    ) -> None:
        gives = any(pieces > 0 for pieces in (add or {}).values())
        if not gives:
            self._table.update(key, set=set, add=add, remove=remove, when=when)
        elif self._give_first:
            self._table.update(key, add=add, when=when)
            self._table.update(key, set=set, when=when)
        else:
            self._table.update(key, set=set, when=when)
            self._table.update(key, add=add)


@dataclass(frozen=True)
class Mutant:
    """What is given to a shop to have it go by a broken rule, and where to look for that first.

    `seed` is of a race of these `people` that finds it, `scene` one of which a fault does; None
    where that shows nothing: it takes more than one worker, or a store that does not answer.
    """

    name: str
    more: Mapping[str, Any]
    seed: int | None = 0
    scene: str | None = None
    people: People = workers_of


MUTANTS = (
    Mutant("slot versions are not raised", {"rules": StuckVersions()}, scene="checkout"),
    Mutant("settled by the order instead of the marker", {"rules": ByOrder()}),
    Mutant("no fence before void", {"rules": NoFence()}, 1, "checkout"),
    Mutant(
        "a payment that is unknown counts as void",
        {"rules": UnknownIsVoid()},
        24,
        "cancelling what is begun to be paid",
    ),
    Mutant("a cart is ordered again", {"rules": CartAgain()}, people=keys_of),
    Mutant("the due row is written late", {"wrap": LateDue}, scene="checkout"),
    Mutant(
        "released first",
        {"wrap": lambda adapters: Halved(adapters, give_first=False)},
        1,
        "checkout of what is sold out",
    ),
    Mutant(
        "given back first",
        {"wrap": lambda adapters: Halved(adapters, give_first=True)},
        1,
        "checkout of what is sold out",
    ),
)
