"""Workers and supervisors are killed while customers order and pay: then the books are right."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import Counts
from tests.support import project_processes as processes
from tests.support.clients import repeated
from tests.support.project import Project, opened
from tests.support.shop_buying import Bought, broken_promises, buy, from_clients, patient
from tests.support.shop_client import admin
from tests.support.shop_live_books import books_of, unrest

SETTINGS = """\
target: local
local:
  emulate: {emulate}
  durability: full
functions:
  carts: {{max_instances: 4, queue_ms: 20000}}
  orders: {{max_instances: 4, queue_ms: 20000}}
  paypage: {{max_instances: 4, queue_ms: 20000}}
  admin: {{max_instances: 4, queue_ms: 20000}}
"""


@pytest.fixture(scope="module")
def durable(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """The whole shop at its most durable, with room for every client."""
    with opened(tmp_path_factory.mktemp("durable") / "shop", whole=True) as made:
        made.settings(SETTINGS.format(emulate=pytestconfig.getoption("--emulate")))
        made.up().ok()
        yield made


def test_whoever_is_killed_while_people_order_the_sweep_puts_all_of_it_right(
    durable: Project, counts: Counts
) -> None:
    """Who gets no answer asks again, by the same key; a few of the paid orders are refunded."""
    orders = counts(small=32, full=1_000)
    keeper = patient(admin(durable), shaken=True)
    products = [keeper.sold(max(1, orders // 10)) for _ in range(20)]
    code = keeper.promotion(kind="fixed", value=100, uses=max(2, orders // 20))
    chance = random.Random(7)
    turns = iter(range(1, 1_000_000))

    def disturb() -> str:
        if next(turns) % 16 == 8:
            processes.kill(durable.supervisors())
            durable.up().ok()
            return "supervisor"
        workers = processes.named(durable.root, "runtime.zygote")[1:]  # the first forks the others
        if workers:
            processes.kill([chance.choice(workers)])
        return "worker"

    def take_part(seed: int) -> Bought:
        bought = buy(durable, products, code, seed, shaken=True)
        if bought.paid and seed % 2:
            one = {"product": bought.placed["lines"][0]["product"], "quantity": 1}
            answer = keeper.refund(bought.placed, f"refund-{seed}", amount=100, restock=[one])
            assert answer.status_code == 201, answer.text
        return bought

    with repeated(disturb, 0.4) as done:
        bought = from_clients(counts(small=8, full=32), take_part, range(orders))
        while Counter(done)["supervisor"] < 1 or Counter(done)["worker"] < 3:
            bought += from_clients(4, take_part, range(len(bought), len(bought) + 4))
    durable.up().ok()

    assert unrest(durable) == []
    assert broken_promises(durable, bought) == []
    with books_of(durable) as found:
        given = [found.given_back(each) for each in found.books.orders]
    refunded = [number for number, each in enumerate(bought) if each.paid and number % 2]
    assert sum(given) == 100 * len(refunded), "each refund that was answered, once"
