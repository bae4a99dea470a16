"""What is done with orders and stock, to be broken at each of its writes."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from app.ports.adapters import Adapters
from app.services.adjust_stock import Wish
from app.services.sweep import SweepError
from tests.support.checkout_shop import CODE, CUP, EXPIRED_MS, POT, TEA, CheckoutShop, order_of
from tests.support.faults import KilledError
from tests.support.faulty_tables import Fault, FaultyTables

ME, OTHER = "user:me", "user:other"
LINES = {TEA: 2, CUP: 1}
ORDER = order_of(ME)

Make = Callable[[], CheckoutShop]


@dataclass(frozen=True)
class Scene:
    """What happens before, and what is then done that may break; both may be tried again."""

    name: str
    act: Callable[[CheckoutShop, Adapters | None], object]
    before: Callable[[CheckoutShop], object] = lambda _: None


def check_out(shop: CheckoutShop, adapters: Adapters | None = None) -> str:
    return shop.check_out(shop.asked(ME, LINES, code=CODE), adapters)


def _filled(shop: CheckoutShop) -> None:
    shop.put_cart(ME, LINES)


def _placed(shop: CheckoutShop) -> None:
    _filled(shop)
    assert check_out(shop) == "placed"


def _authorised(shop: CheckoutShop) -> None:
    _placed(shop)
    shop.till.confirm(ORDER)


def _captured(shop: CheckoutShop) -> None:
    """The money was taken, and nobody here knows."""
    _placed(shop)
    shop.till.confirm(ORDER, "captured")


def _begun(shop: CheckoutShop) -> None:
    """Its worker died as he began the payment, and the provider hears of it much later."""
    _filled(shop)
    dies = FaultyTables(shop.cloud, 1, Fault.DELAYED_CRASH, "payments.start")
    with suppress(KilledError):
        check_out(shop, dies)
    shop.late.append(dies.deliver)


def _scarce(shop: CheckoutShop) -> None:
    """There is enough of the first line, and too little of the second."""
    _filled(shop)
    assert shop.adjust(Wish(CUP, -3, "broken", "01", "broken")) == "placed"


def _late(shop: CheckoutShop) -> None:
    _authorised(shop)
    shop.clock.advance(EXPIRED_MS)


def _cancel(shop: CheckoutShop, adapters: Adapters | None) -> str:
    return shop.cancel(ORDER, ME, adapters)


def _confirm(shop: CheckoutShop, adapters: Adapters | None) -> str:
    return shop.confirm(ORDER, adapters)


def _sweep(shop: CheckoutShop, adapters: Adapters | None) -> object:
    return shop.sweep(adapters)


def _more(shop: CheckoutShop, adapters: Adapters | None) -> str:
    return shop.adjust(Wish(POT, 4, "found", "01", "found"), adapters)


def _fewer(shop: CheckoutShop, adapters: Adapters | None) -> str:
    return shop.adjust(Wish(POT, -2, "lost", "01", "lost"), adapters)


SCENES = (
    Scene("checkout", check_out, _filled),
    Scene("checkout of what is sold out", check_out, _scarce),
    Scene("payment", _confirm, _authorised),
    Scene("payment already taken", _confirm, _captured),
    Scene("cancelling", _cancel, _placed),
    Scene("cancelling what can be paid", _cancel, _authorised),
    Scene("cancelling what is paid", _cancel, _captured),
    Scene("cancelling what is begun to be paid", _cancel, _begun),
    Scene("sweep", _sweep, _late),
    Scene("more stock", _more),
    Scene("less stock", _fewer),
)


def shop_of(**more: object) -> CheckoutShop:
    """The shop that the scenes are set in."""
    return CheckoutShop({TEA: 5, CUP: 3, POT: 2}, uses=1, **more)  # type: ignore[arg-type]


def broken_at_each_write(
    scene: Scene, fault: Fault, make: Make, *, step: int = 1
) -> Iterator[tuple[str, CheckoutShop, FaultyTables]]:
    """A shop for each write of the scene, after that one went wrong, and which one it was."""
    whole = make()
    scene.before(whole)
    counted = FaultyTables(whole.cloud)
    scene.act(whole, counted)
    assert counted.calls, "nothing was written"
    first = 1 + list(Fault).index(fault) % step
    for at in range(first, len(counted.calls) + 1, step):
        shop = make()
        scene.before(shop)
        faulty = FaultyTables(shop.cloud, at, fault)
        with suppress(KilledError, SweepError):
            scene.act(shop, faulty)
        yield f"{scene.name}, write {at} ({counted.calls[at - 1]})", shop, faulty


def healed(shop: CheckoutShop, faulty: FaultyTables) -> list[str]:
    """What is wrong once the sweeper has run alone: then what was late comes, and it runs again."""
    found = shop.violations()
    shop.sweep_alone()
    found += shop.unrest()
    late = [faulty.deliver, *shop.late]
    if sum(deliver() for deliver in late):
        found += shop.violations()
        shop.sweep_alone()
        found += shop.unrest()
    return found
