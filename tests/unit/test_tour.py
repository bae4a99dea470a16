"""The guide of `make tour` shows requests, and stops where something is not as it should be."""

import json
from itertools import count

import pytest

from infra.cli import tour
from infra.cli.seed_goods import goods
from infra.cli.shop_http import Answer, Shop
from infra.cli.tour_guide import Guide, UnexpectedError, spelt
from infra.cli.tour_steps import CODE


class Fixed(Shop):
    """Answers everything alike."""

    def ask(self, *_: object) -> Answer:
        return Answer(409, {}, json.dumps({"detail": "sold out", "total": 3}).encode())


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def guide(written: list[str]) -> Guide:
    ticks = count()
    return Guide(written.append, lambda _: None, lambda: float(next(ticks)))


def test_a_step_shows_the_request_and_the_status(guide: Guide, written: list[str]) -> None:
    guide.begin("Order")
    assert guide.ask(Fixed("https://shop.example"), 409, "POST /orders", {})["total"] == 3
    guide.tell("Refused.")
    assert written[0] == "\n1. Order"
    assert written[1].split() == ["POST", "/orders", "409"]
    assert written[2] == "   Refused."


def test_another_status_ends_the_tour_and_tells_which_step_it_was(guide: Guide) -> None:
    guide.begin("Browse")
    guide.begin("Order")
    with pytest.raises(UnexpectedError) as error:
        guide.ask(Fixed("https://shop.example"), 201, "POST /orders")
    assert "in step 2. Order" in str(error.value)
    assert "POST /orders: 201 was expected: sold out" in str(error.value)


def test_what_takes_a_moment_is_waited_for_and_not_forever(guide: Guide) -> None:
    looks = iter([None, None, "here"])
    assert guide.until(lambda: next(looks), "a letter") == "here"
    with pytest.raises(UnexpectedError, match="a letter did not come within 20 s"):
        guide.until(lambda: None, "a letter")


def test_amounts_are_spelt_in_whole_units_where_they_have_cents() -> None:
    assert spelt(1_290, "EUR") == "12.90 EUR"
    assert spelt(5, "EUR") == "0.05 EUR"
    assert spelt(1_290, "JPY") == "1290 of JPY's smallest unit"


def test_the_code_that_the_tour_uses_is_one_that_seed_puts_in() -> None:
    (found,) = (each for each in goods().promotions if each.code == CODE)
    assert (found.kind, found.minimum) == ("percent", 0)


def test_there_is_no_tour_of_a_shop_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert tour.main(["--stack", "aws-dev"]) == 1
    assert "stack aws-dev: only the local stack's payments are made up" in capsys.readouterr().err
