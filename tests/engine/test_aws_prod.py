"""The stack aws-prod on the real engine, once: up, again, and away, its protection taken off first.

Its settings are what is looked at; the whole shop is brought up as aws-dev.

In order: each test goes on with what the one before left.
"""

from collections.abc import Iterator

import pytest

from infra import settings, shop
from tests.support.aws_demands import demanded
from tests.support.aws_engine import UNTAGGED, CloudStack, stack
from tests.support.aws_left import left
from tests.support.small_shop import shrink, small
from tests.support.steps import Step

NAME = "aws-prod"
# moto forgets how much of a table and its indexes may be used, so that an update states it anew
CAPPED = {
    Step("Table table-sessions", "update", ("onDemandThroughput",)),
    Step("Table table-users", "update", ("globalSecondaryIndex", "onDemandThroughput")),
}


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudStack]:
    """The stack, not up yet, for all tests here."""
    with stack(tmp_path_factory.mktemp(NAME), NAME) as made:
        shrink(made.project)
        yield made


def test_up_creates_everything_that_the_platform_demands(prod: CloudStack) -> None:
    assert {step.operation for step in prod.up().ok().steps} == {"create"}
    stated = settings.parse(prod.stated(), prod.file, shop.NAMES)
    assert prod.counted() == demanded(small(shop.platform(stated, NAME)))


def test_a_second_up_changes_nothing(prod: CloudStack) -> None:
    assert set(prod.up(*UNTAGGED).ok().steps) <= CAPPED


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
