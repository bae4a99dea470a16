"""One operation, broken or interrupted at each of its calls of a store, one after the other."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from app.ports.errors import UnavailableError
from app.services.sweep import SweepError
from tests.support.faults import Faults, Interleaved, KilledError
from tests.support.memory_shop import MemoryShop

BREAKS = [(KilledError, False), (KilledError, True), (UnavailableError, False),
          (UnavailableError, True)]  # fmt: skip
"""The process dies, or the store does not answer; before what was asked happened, or after."""

Shop = TypeVar("Shop", bound=MemoryShop)


def broken(
    make: Callable[[], Shop],
    run: Callable[[Shop, Faults], Any],
    error: type[BaseException],
    *,
    after: bool,
    step: int = 1,
) -> Iterator[tuple[Shop, Any]]:
    """A shop for each call of a store that `run` makes, after it broke at that call.

    With what `run` returned: None when it died. A `step` of 3 takes every third call, beginning
    elsewhere for each kind of break.
    """
    seen = Faults((whole := make()).cloud, 0, error, after=after)
    run(whole, seen)
    assert seen.calls, "nothing was asked of any store"
    for at in range(1 + BREAKS.index((error, after)) % step, len(seen.calls) + 1, step):
        shop = make()
        faults = Faults(shop.cloud, at, error, after=after)
        try:
            result = run(shop, faults)
        except (KilledError, SweepError):
            result = None
        assert faults.calls[at - 1] == seen.calls[at - 1]
        yield shop, result


def interleaved(
    make: Callable[[], Shop],
    first: Callable[[Shop, Faults], Any],
    second: Callable[[Shop], Any],
) -> Iterator[tuple[Shop, Any, Any]]:
    """A shop for each call of a store that `first` makes, and what both returned.

    `second` ran just before that call.
    """
    seen = Interleaved((whole := make()).cloud, 0, lambda: None)
    first(whole, seen)
    assert seen.calls
    for at in range(1, len(seen.calls) + 1):
        shop = make()
        theirs: list[Any] = []
        meanwhile = Interleaved(
            shop.cloud,
            at,
            lambda: theirs.append(second(shop)),  # noqa: B023 - it is called in this very round
        )
        ours = first(shop, meanwhile)
        yield shop, ours, theirs[0]
