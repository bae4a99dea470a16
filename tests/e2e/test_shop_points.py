"""Which end-to-end tests show which of the sixteen things that a shop does at least.

Each test named here begins its docstring with the numbers of what it shows.
"""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_NUMBERS = re.compile(r"([0-9]+(?:, [0-9]+)*): ")

POINTS = {
    1: (
        (
            "Users: register, login, logout; a slow salted hash; tokens that end; no account "
            "found out; roles; nobody reads another's order."
        ),
        (
            "test_a_user_registers_logs_in_and_out_and_the_password_is_kept_as_a_slow_hash",
            "test_neither_login_nor_a_forgotten_password_tells_who_has_an_account",
            "test_customers_are_no_admins_until_an_operator_says_so",
            "test_nobody_sees_or_moves_anothers_order",
        ),
    ),
    2: (
        (
            "Catalog: whole prices in minor units, currency, active flag, stable pages, "
            "categories, search."
        ),
        ("test_a_catalog_has_whole_prices_pages_categories_and_a_search",),
    ),
    3: (
        "Pictures: a short-lived upload URL for admins; type and size checked; seen by anyone.",
        ("test_a_picture_goes_through_a_url_that_ends_and_is_checked",),
    ),
    4: (
        "Carts: guest and user, merged at login, one piece at least, one line a product, repriced.",
        ("test_a_guests_cart_is_merged_at_login_and_priced_by_the_shop_each_time",),
    ),
    5: (
        "No price from the client is trusted; 409 with the new total when it changed.",
        ("test_the_shop_alone_says_what_an_order_costs",),
    ),
    6: (
        "Stock: an atomic conditional decrement, reservations that end, lines counted together.",
        (
            "test_of_many_buyers_of_one_unit_exactly_one_gets_it",
            "test_lines_that_share_a_product_are_counted_together",
            "test_what_nobody_pays_goes_back_on_the_shelf",
        ),
    ),
    7: (
        "Idempotency-Key: the same key, the same answer; another body under it, 409.",
        ("test_one_key_is_one_order_whatever_is_sent_again",),
    ),
    8: (
        "Order states move forward only; an illegal move is 409; price and address are a snapshot.",
        ("test_an_order_moves_forward_only_and_keeps_its_prices",),
    ),
    9: (
        "Payments behind a port: decline, time-out, late success; what was paid is found.",
        (
            "test_a_declined_payment_gives_the_pieces_back",
            "test_a_payment_that_the_shop_did_not_hear_of_is_found",
            "test_a_late_success_is_taken_by_the_schedule",
        ),
    ),
    10: (
        (
            "Webhooks: signed over the raw body, a window, twice as good as once, racing the "
            "confirmation."
        ),
        (
            "test_a_payment_that_the_shop_did_not_hear_of_is_found",
            "test_a_webhook_is_believed_by_its_signature_and_no_further",
        ),
    ),
    11: (
        (
            "Refunds: full and partial, never above what was captured; restocking is a "
            "choice; once a key."
        ),
        (
            "test_refunds_are_never_more_than_was_captured",
            "test_a_refund_that_fails_gives_its_amount_back",
        ),
    ),
    12: (
        "Promotions: percent and fixed, window, minimum, atomic limit, stated rounding.",
        (
            "test_a_promotion_holds_within_its_window_from_its_minimum_on_and_so_often",
            "test_the_last_use_of_a_promotion_is_used_once",
        ),
    ),
    13: (
        "Events: at least once, retried, dead letters seen, no noisy duplicates.",
        (
            "test_customers_are_told_of_each_event_once_whatever_comes_twice",
            "test_an_event_that_nobody_can_use_is_seen_among_the_dead",
        ),
    ),
    14: (
        "Admin: stock adjustment with a reason, order list, audit trail.",
        ("test_stock_is_adjusted_by_a_delta_with_a_reason_and_the_trail_tells_who",),
    ),
    15: (
        "API: OpenAPI, problem details, request id, rate limit, body cap, CORS, a clean log.",
        (
            "test_every_route_is_in_the_document_that_the_shop_serves",
            "test_errors_have_one_shape_and_an_id_that_the_log_knows",
            "test_bodies_are_capped_failed_logins_limited_and_browsers_may_upload",
            "test_the_log_holds_nothing_personal_and_no_secret",
        ),
    ),
    16: (
        "An expiry job for carts and reservations.",
        (
            "test_carts_that_nobody_touches_for_thirty_days_are_dropped",
            "test_what_nobody_pays_goes_back_on_the_shelf",
        ),
    ),
}


@pytest.fixture(scope="module")
def shown() -> dict[int, set[str]]:
    """What the tests themselves say: by number, their names."""
    found: dict[int, set[str]] = {}
    for file in HERE.glob("test_shop_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                said = _NUMBERS.match(ast.get_docstring(node) or "")
                for number in said[1].split(", ") if said else ():
                    found.setdefault(int(number), set()).add(node.name)
    return found


def test_the_sixteen_are_here() -> None:
    assert sorted(POINTS) == list(range(1, 17))


@pytest.mark.parametrize("number", POINTS)
def test_each_is_shown_by_the_tests_that_say_so(number: int, shown: dict[int, set[str]]) -> None:
    _, tests = POINTS[number]
    assert tests, "nothing shows it"
    assert set(tests) == shown[number]
