"""Carts and their prices, whatever is put into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cart import MOST_LINES, MOST_PIECES, Line, added, merged, with_quantity
from app.domain.errors import ConflictError, InvalidError
from app.domain.pricing import Offer, bill
from app.domain.promotion import Terms, checked, discount, folded

NOW = 1_764_000_000_000
PRODUCTS = st.sampled_from([f"product-{number}" for number in range(6)])
LINES = st.lists(st.builds(Line, PRODUCTS, st.integers(1, MOST_PIECES)), max_size=8)
ONCE = LINES.map(lambda lines: list({each.product: each for each in lines}.values()))


def _pieces(lines: object) -> dict[str, int]:
    return {each.product: each.quantity for each in lines}  # type: ignore[attr-defined]


def terms(**other: object) -> Terms:
    given = {
        "code": "SPRING",
        "kind": "percent",
        "value": 10,
        "currency": "EUR",
        "minimum": 0,
        "starts_at": NOW,
        "ends_at": NOW + 1,
        "active": True,
        **other,
    }
    return Terms(**given)  # type: ignore[arg-type]


@given(ONCE, LINES)
def test_pieces_of_one_product_count_together(there: list[Line], more: list[Line]) -> None:
    wanted = _pieces(there)
    for each in more:
        wanted[each.product] = wanted.get(each.product, 0) + each.quantity
    try:
        found = added(there, more)
    except ConflictError:
        assert max(wanted.values()) > MOST_PIECES
        return
    assert _pieces(found) == wanted
    assert len(found) == len(wanted)


@given(ONCE, ONCE)
def test_a_merged_cart_has_what_both_had_and_is_a_cart(one: list[Line], other: list[Line]) -> None:
    found = _pieces(merged(one, other))
    for product in {*_pieces(one), *_pieces(other)}:
        both = _pieces(one).get(product, 0) + _pieces(other).get(product, 0)
        assert found[product] == min(both, MOST_PIECES)


@given(ONCE, PRODUCTS, st.integers(0, MOST_PIECES))
def test_a_quantity_that_is_set_is_that_one_and_no_other_changes(
    there: list[Line], product: str, quantity: int
) -> None:
    wanted = {**_pieces(there), product: quantity}
    found = _pieces(with_quantity(there, product, quantity))
    assert found == {each: pieces for each, pieces in wanted.items() if pieces}


def test_a_cart_has_no_fifty_first_line() -> None:
    full = [Line(f"product-{number}", 1) for number in range(MOST_LINES)]
    with pytest.raises(ConflictError):
        added(full, [Line("another", 1)])
    assert len(merged(full, [Line("another", 1)])) == MOST_LINES


@given(ONCE, st.lists(st.integers(0, 10**9), min_size=6, max_size=6), st.integers(1, 100))
def test_a_total_is_what_the_lines_cost_less_a_discount_that_never_passes_it(
    lines: list[Line], prices: list[int], share: int
) -> None:
    offers = {
        f"product-{number}": Offer(f"product-{number}", "Tea", price, "EUR")
        for number, price in enumerate(prices)
    }
    subtotal = sum(offers[each.product].price * each.quantity for each in lines)
    found = bill(lines, offers, terms(value=share) if lines else None, NOW)
    assert found.subtotal == subtotal
    assert 0 <= found.total <= subtotal
    off = subtotal * share // 100 if lines else 0
    assert found.discount == off


@pytest.mark.parametrize(
    ("given_terms", "subtotal", "off"),
    [
        (terms(value=10), 999, 99),
        (terms(value=100), 999, 999),
        (terms(kind="fixed", value=500), 999, 500),
        (terms(kind="fixed", value=500), 300, 300),
        (terms(minimum=999), 999, 99),
    ],
)
def test_what_a_promotion_takes_off(given_terms: Terms, subtotal: int, off: int) -> None:
    assert discount(given_terms, subtotal, "EUR", NOW) == off


@pytest.mark.parametrize(
    ("given_terms", "now"),
    [
        (terms(), NOW - 1),
        (terms(), NOW + 1),
        (terms(active=False), NOW),
        (terms(minimum=1000), NOW),
        (terms(currency="CNY"), NOW),
    ],
)
def test_when_a_promotion_does_not_hold(given_terms: Terms, now: int) -> None:
    with pytest.raises(ConflictError):
        discount(given_terms, 999, "EUR", now)


def test_of_an_empty_cart_nothing_is_taken_off_and_no_currency_is_blamed() -> None:
    with pytest.raises(ConflictError, match="nothing is in the cart"):
        discount(terms(), 0, "", NOW)


@pytest.mark.parametrize("wrong", [terms(value=101), terms(value=0), terms(ends_at=NOW)])
def test_terms_that_cannot_hold_are_refused(wrong: Terms) -> None:
    with pytest.raises(InvalidError):
        checked(wrong)


@pytest.mark.parametrize("code", ["spring-10", " SPRING-10 ", "Spring-10"])
def test_a_code_is_one_however_it_is_typed(code: str) -> None:
    assert folded(code) == "SPRING-10"


@pytest.mark.parametrize("code", ["", "A", "-AB", "A B", "Ä" * 3, "A" * 33])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(InvalidError):
        folded(code)


def test_one_cart_is_of_one_currency() -> None:
    offers = {
        "a": Offer("a", "Tea", 1, "EUR"),
        "b": Offer("b", "Cup", 1, "CNY"),
    }
    with pytest.raises(ConflictError):
        bill([Line("a", 1), Line("b", 1)], offers, None, NOW)


def test_what_is_no_longer_sold_is_not_billed() -> None:
    with pytest.raises(ConflictError):
        bill([Line("a", 1)], {}, None, NOW)
