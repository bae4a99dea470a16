"""A flash sale on a shop with few instances: it refuses what is too much, and loses nothing."""

import asyncio
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from bench import flash_log, flash_plan, flash_seen
from bench.flash_client import Sale
from bench.flash_shop import Contestant, opened, stocked, under_load, wrong_books
from bench.orders import PIECES
from infra.cli.shop_http import Shop
from tests.conftest import Counts
from tests.support.project import CHECKOUT, Project
from tests.support.shop_live_books import violations

# the supervisor is meant to outlive whoever started it
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
FEW = Contestant("few", 0, 2, queue_ms=0)
RUSH = 40  # at once, when no more than one instance is there
SEED = 5


def test_in_a_flash_sale_only_calls_above_the_limit_are_refused_and_the_books_are_right(
    tmp_path: Path, pytestconfig: pytest.Config, counts: Counts
) -> None:
    """Browsing, carts and checkout in one, sent by the clock however long the answers take."""
    times = flash_plan.arrivals(SEED, counts(small=4, full=30), 1.0)
    visits = flash_plan.drawn([0.0] * RUSH + [at for at in times if at >= 0], SEED)
    orders = Counter(each.route for each in visits)[flash_plan.ORDER]
    root = tmp_path / "shop"
    with opened(CHECKOUT, root, FEW, pytestconfig.getoption("--emulate")) as cloud:
        with closing(Shop(f"http://127.0.0.1:{cloud.port}")) as guest:
            goods = stocked(cloud.places, guest, orders, count=6)
        plan = flash_plan.asked(visits, goods, SEED)
        told = asyncio.run(Sale(cloud.port, time.monotonic()).run(plan))

    log = flash_log.lines(cloud.places.log.read_bytes())
    statuses = Counter(each.status for each in told)
    sys.stdout.write(f"\n{statuses}\n")
    assert flash_seen.errors(told) == []
    assert flash_log.uncounted(told, log) == []
    limits = dict.fromkeys(under_load().values(), FEW.maximum)
    assert flash_log.unfounded(log, limits) == []
    assert sum(statuses[each] for each in flash_seen.REFUSED) > 0, "it was no rush"
    assert statuses[200] > 0

    placed, paid = flash_seen.orders(told)
    assert len(placed) == sum(each.route == flash_plan.ORDER and each.well for each in told) > 0
    assert wrong_books(cloud.places, goods.products, placed, paid) == []
    assert violations(Project(root, {}), PIECES) == []
