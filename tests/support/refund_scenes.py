"""Refunds of a paid order, to be broken at each of their writes, and to be raced for."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from app.domain.refund import Wish
from app.ports.adapters import Adapters
from app.services.sweep import SweepError
from tests.support.checkout_races import WORKERS, Choice
from tests.support.checkout_scenes import LINES, ME, ORDER, Scene, check_out
from tests.support.checkout_shop import CODE, CUP, GRACE_MS, TEA, CheckoutShop
from tests.support.faults import KilledError
from tests.support.faulty_tables import Fault, FaultyTables
from tests.support.interleaving import Worker
from tests.support.tables_stores import Store

PAID = 1_600
CARDS = ("good", "refund-fails", "refund-late", "refund-timeout")
"""Of the fake provider: it gives back, does not, takes its time, or does not answer at first."""
_BY = "01KAMPVE00ZK8J4F7C2R5Q9XTD"

PART = Wish(key="part", amount=500, reason="chipped", restock=((TEA, 1),), by=_BY)
SOME = Wish(key="some", amount=900, reason="late", restock=(), by=_BY)
ALL = Wish(key="all", amount=None, reason="sent back", restock="all", by=_BY)


def paid_shop(card: str = "good", store: Store | None = None, **more: object) -> CheckoutShop:
    """A shop with one order that is paid: two of tea, a cup, less the promotion."""
    shop = CheckoutShop({TEA: 5, CUP: 3}, uses=1, card=card, store=store, **more)  # type: ignore[arg-type]
    shop.put_cart(ME, LINES)
    assert check_out(shop) == "placed"
    shop.till.confirm(ORDER)
    assert shop.confirm(ORDER) == "placed"
    order = shop.order(ORDER)
    assert order is not None
    assert (order.state, order.captured) == ("paid", PAID)
    return shop


def give_back(wish: Wish) -> Callable[[CheckoutShop, Adapters | None], str]:
    """An admin's wish."""
    return lambda shop, adapters: shop.refund(ORDER, wish, adapters)


def _unfinished(shop: CheckoutShop) -> None:
    """The provider has done what it was asked for, and its worker died, or got no answer."""
    dies = FaultyTables(shop.cloud, 1, Fault.CRASH_AFTER, "payments.refund")
    with suppress(KilledError):
        shop.refund(ORDER, ALL, dies)
    shop.clock.advance(GRACE_MS)


def _two(shop: CheckoutShop, adapters: Adapters | None) -> list[str]:
    return [shop.refund(ORDER, wish, adapters) for wish in (PART, ALL)]


def _sweep(shop: CheckoutShop, adapters: Adapters | None) -> object:
    return shop.sweep(adapters)


def no_answer_at_first(shop: CheckoutShop, card: str) -> None:
    """Have the sweep be the one who gets no answer, where the card has it so: it says so."""
    if card == "refund-timeout":
        shop.clock.advance(GRACE_MS)
        with suppress(SweepError):
            shop.sweep()


REFUNDS = (
    Scene("part of it", give_back(PART)),
    Scene("all of it", give_back(ALL)),
    Scene("one after the other", _two),
    Scene("the sweep of one", _sweep, _unfinished),
)


def within_an_hour(choices: Iterable[Choice]) -> list[Choice]:
    """The choices of a race without those by which it takes so long that the sweep complains."""
    kept, minutes = [], 0
    for who, calls in choices:
        minutes += {WORKERS: 3, WORKERS + 1: 15}.get(who, 0)
        if who not in (WORKERS, WORKERS + 1) or minutes <= 45:
            kept.append((who, calls))
    return kept


def refunders(shop: CheckoutShop) -> list[Worker]:
    """Everybody who has to do with the refunds of the order: as many as race for orders."""
    again = shop.asked(ME, LINES, code=CODE)

    def twice(*wishes: Wish) -> Callable[[Adapters], object]:
        return lambda adapters: [shop.refund(ORDER, wish, adapters) for wish in wishes]

    def sweeps(adapters: Adapters) -> None:
        for _ in range(3):
            with suppress(SweepError):
                shop.sweep(adapters)

    runs: dict[str, Callable[[Adapters], object]] = {
        "admin": twice(PART, SOME),
        "the same": twice(PART, SOME),
        "another admin": twice(SOME, ALL),
        "a third admin": twice(ALL, PART),
        "webhook": lambda adapters: [shop.confirm(ORDER, adapters) for _ in range(3)],
        "customer": lambda adapters: shop.check_out(again, adapters),
        "cancel": lambda adapters: shop.cancel(ORDER, ME, adapters),
        "sweeper": sweeps,
        "other sweeper": sweeps,
    }
    return [Worker(name, run, shop.cloud) for name, run in runs.items()]
