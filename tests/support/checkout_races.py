"""Customers, retries, webhooks, the sweeper and an admin at the same orders, in any order."""

import random
from collections.abc import Callable, Iterable
from contextlib import suppress

from app.domain.errors import NotFoundError
from app.ports.adapters import Adapters
from app.services.adjust_stock import Wish
from app.services.sweep import SweepError
from tests.support.checkout_shop import CODE, CUP, GRACE_MS, TEA, CheckoutShop, answer, order_of
from tests.support.interleaving import Worker

MINE, OTHERS, THIRD = order_of("user:me"), order_of("user:other"), order_of("user:third")
_LINES = {TEA: 1, CUP: 1}
_MINUTES_15 = 15 * 60_000

People = Callable[[CheckoutShop], list[Worker]]
"""Everybody who takes part in a race."""

Choice = tuple[int, int]
"""Who goes on (or what happens), and for how many calls of a store."""


def race_shop(**more: object) -> CheckoutShop:
    """Three customers, of whom two want the one use of the promotion, and three of each product."""
    shop = CheckoutShop({TEA: 3, CUP: 3}, uses=1, **more)  # type: ignore[arg-type]
    for who in ("user:me", "user:other", "user:third"):
        shop.put_cart(who, _LINES)
    return shop


def workers_of(shop: CheckoutShop) -> list[Worker]:
    """Everybody who has to do with the orders of the three."""
    mine = shop.asked("user:me", _LINES, code=CODE)
    other = shop.asked("user:other", _LINES, code=CODE)
    third = shop.asked("user:third", _LINES)

    def looked_at(adapters: Adapters) -> list[str]:
        orders = [MINE, OTHERS, THIRD] * 3
        return [_known(shop.confirm, order, adapters) for order in orders]

    runs: dict[str, Callable[[Adapters], object]] = {
        "customer": lambda adapters: shop.check_out(mine, adapters),
        "retry": lambda adapters: shop.check_out(mine, adapters),
        "other customer": lambda adapters: shop.check_out(other, adapters),
        "third customer": lambda adapters: shop.check_out(third, adapters),
        "webhook": looked_at,
        "cancel": lambda adapters: _known(
            lambda order, more: shop.cancel(order, "user:me", more), MINE, adapters
        ),
        "sweeper": lambda adapters: _sweeps(shop, adapters),
        "admin": lambda adapters: shop.adjust(Wish(TEA, -1, "lost", "01", "lost"), adapters),
        "other sweeper": lambda adapters: _sweeps(shop, adapters),
    }
    return [Worker(name, run, shop.cloud) for name, run in runs.items()]


def keys_of(shop: CheckoutShop) -> list[Worker]:
    """One customer who orders his cart under three keys, has one cancelled, and fills it again."""
    one, two, three = (shop.asked("user:me", _LINES, key) for key in ("k1", "k2", "k3"))

    def fill(adapters: Adapters) -> str:
        return answer(lambda: shop.put_cart("user:me", _LINES, adapters))

    runs: dict[str, Callable[[Adapters], object]] = {
        "one": lambda adapters: shop.check_out(one, adapters),
        "one again": lambda adapters: shop.check_out(one, adapters),
        "two": lambda adapters: shop.check_out(two, adapters),
        "two again": lambda adapters: shop.check_out(two, adapters),
        "three": lambda adapters: shop.check_out(three, adapters),
        "cancel": lambda adapters: _known(
            lambda order, more: shop.cancel(order, "user:me", more), one.order, adapters
        ),
        "fill": fill,
        "sweeper": lambda adapters: _sweeps(shop, adapters),
        "other sweeper": lambda adapters: _sweeps(shop, adapters),
    }
    return [Worker(name, run, shop.cloud) for name, run in runs.items()]


WORKERS = 9
CHOICES = WORKERS + 4
"""How many choices there are: the workers, and what happens without them."""


def by_chance(seed: int) -> tuple[list[Choice], list[bool]]:
    """A long race: who goes on, and who stays as a zombie."""
    chance = random.Random(seed)
    choices = [(chance.randrange(CHOICES), chance.randint(1, 9)) for _ in range(90)]
    return choices, [chance.random() < 0.5 for _ in range(WORKERS)]


def race(
    shop: CheckoutShop,
    choices: Iterable[Choice],
    zombies: Iterable[bool],
    people: People = workers_of,
) -> list[str]:
    """What is wrong at any moment, or in the end, of a race.

    After the last choice some workers die where they are, and the others, the zombies, stand still
    until the sweeper has run alone; then they finish, and it runs again.
    """
    workers = people(shop)
    found: list[str] = []
    try:
        for who, calls in choices:
            if who >= len(workers):
                _happen(shop, who - len(workers))
            else:
                for _ in range(calls):
                    workers[who].step()
            found += shop.violations()
            if found:
                return found
        left = [
            worker
            for worker, stays in zip(workers, zombies, strict=True)
            if stays and not worker.done
        ]
        for worker in workers:
            if worker not in left:
                worker.kill()
        found += _swept(shop)
        for worker in left:
            worker.finish()
            found += shop.violations()
        if left and not found:
            found += _swept(shop)
        found += [f"{each.name}: {each.error!r}" for each in workers if each.error is not None]
        return found
    finally:
        for worker in workers:
            worker.kill()


def _swept(shop: CheckoutShop) -> list[str]:
    try:
        shop.sweep_alone()
    except SweepError as error:
        return [*shop.unrest(), str(error)]
    return shop.unrest()


def _happen(shop: CheckoutShop, what: int) -> None:
    """Time goes by, or a customer is at the provider's page."""
    if what == 0:
        shop.clock.advance(GRACE_MS)
    elif what == 1:
        shop.clock.advance(_MINUTES_15)
    else:
        for order in shop.books.orders:
            if shop.till.state(order) == "pending":
                shop.till.confirm(order, "authorised" if what == 2 else "captured")


def _sweeps(shop: CheckoutShop, adapters: Adapters) -> None:
    for _ in range(2):
        with suppress(SweepError):
            shop.sweep(adapters)


def _known(run: Callable[[str, Adapters], str], order: str, adapters: Adapters) -> str:
    try:
        return run(order, adapters)
    except NotFoundError:
        return "unknown"
