"""The stack aws-prod on the real engine, once: up, again, and away, its protection taken off first.

Its settings are what is looked at; `make soak` brings the whole shop up as aws-dev.

In order: each test goes on with what the one before left.
"""

from collections.abc import Iterator

import pytest

from infra import settings, shop
from infra.demanded import demanded as with_limits
from infra.model import Platform
from tests.support.aws_demands import demanded
from tests.support.aws_engine import UNTAGGED, CloudStack, stack
from tests.support.aws_left import left
from tests.support.small_shop import shrink, small
from tests.support.steps import Step

NAME = "aws-prod"


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudStack]:
    """The stack, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(NAME), NAME) as made:
        shrink(made.project)
        yield made


def platform(prod: CloudStack) -> Platform:
    """The small shop with the limits that the stack's traffic demands."""
    stated = settings.parse(prod.stated(), prod.file, shop.NAMES)
    return with_limits(small(shop.platform(stated, NAME)), stated, prod.project.root).platform


def capped(platform: Platform) -> Iterator[Step]:
    """The steps of tables with caps: moto forgets them, so that an update states them anew."""
    for table in platform.tables:
        if table.max_reads or table.max_writes:
            of_indexes = ("globalSecondaryIndex",) if table.indexes else ()
            yield Step(f"Table table-{table.name}", "update", (*of_indexes, "onDemandThroughput"))


def test_up_creates_everything_that_the_platform_demands(prod: CloudStack) -> None:
    assert {step.operation for step in prod.up().ok().steps} == {"create"}
    assert prod.counted() == demanded(platform(prod))


def test_a_second_up_changes_nothing(prod: CloudStack) -> None:
    assert set(prod.up(*UNTAGGED).ok().steps) <= set(capped(platform(prod)))


def test_down_is_refused_while_the_account_holds_the_data_fast(prod: CloudStack) -> None:
    kept = prod.command("down", "--with-data", "--yes")
    assert kept.code != 0
    assert "deletion_protection: false" in kept.output


def test_without_that_protection_it_goes_and_leaves_nothing(prod: CloudStack) -> None:
    prod.settings(aws={**prod.stated()["aws"], "deletion_protection": False})
    changed = {step.resource.split()[0] for step in prod.up(*UNTAGGED).ok().steps}
    assert changed == {"Bucket", "Secret", "Table"}
    prod.command("down", "--with-data", "--yes").ok()
    assert left(prod.client) == {}
    assert prod.resources() == []
