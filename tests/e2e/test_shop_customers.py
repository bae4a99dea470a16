"""Users, catalog, pictures, carts and promotions of a running shop, as people meet them."""

import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from tests.support.contract import PASSWORD
from tests.support.project import CLIENT, Project
from tests.support.shop_client import (
    HOUR_MS,
    PNG,
    Client,
    admin,
    customer,
    guest,
    logged_in,
    with_cart,
)
from tests.support.shop_operator import rows, run, table

OTHER = "another one, long enough"


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


def test_a_user_registers_logs_in_and_out_and_the_password_is_kept_as_a_slow_hash(
    shop: Project,
) -> None:
    """1: register, login, logout; a slow salted hash; tokens that end."""
    one, two = customer(shop), customer(shop)
    assert one.got(200, "GET /users/me")["username"] == one.name
    hashes = [str((table(shop, "users").get({"username": n}) or {})["password"])
              for n in (one.name, two.name)]  # fmt: skip
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in hashes)
    assert hashes[0] != hashes[1], "the same password, salted"

    again = logged_in(shop, one.name)
    again.got(204, "DELETE /sessions/current")
    again.got(401, "GET /users/me")
    one.got(200, "GET /users/me")
    sessions = [row for row in rows(shop, "sessions") if row["username"] == one.name]
    left = [int(row["expires_at"]) - time.time() for row in sessions]
    assert all(0 < each <= 12 * 3600 for each in left), left


def test_neither_login_nor_a_forgotten_password_tells_who_has_an_account(shop: Project) -> None:
    """1: no account can be found out."""
    somebody, nobody = customer(shop).name, f"nobody-{token_hex(6)}"
    anyone = guest(shop)

    def said(path: str, **body: str) -> list[tuple[int, object]]:
        answers = [
            anyone.ask("POST", path, json={"username": name, **body}) for name in (somebody, nobody)
        ]
        return [
            (each.status_code, each.json()["detail"] if each.content else None) for each in answers
        ]

    for seen in (said("/sessions", password="not the one"), said("/password-resets")):
        assert seen[0] == seen[1]


def test_customers_are_no_admins_until_an_operator_says_so(shop: Project, keeper: Client) -> None:
    """1: two roles; `make admin` gives and takes the second one, and the audit trail has both."""
    somebody = customer(shop)
    somebody.got(403, "GET /admin/orders")
    guest(shop).got(401, "GET /admin/orders")

    shop.run("admin", "--name", somebody.name, "--yes").ok()
    somebody.got(200, "GET /admin/orders")
    shop.run("admin", "--name", somebody.name, "--revoke").ok()
    somebody.got(403, "GET /admin/orders")

    run(shop, "sweep")
    user = somebody.got(200, "GET /users/me")["user_id"]
    entries = keeper.audit(f"user:{user}", at_least=2)
    assert [(each["what"], each["by"]) for each in entries] == [
        *(("an admin no more", "operator"), ("made an admin", "operator"))
    ]


def test_a_catalog_has_whole_prices_pages_categories_and_a_search(
    shop: Project, keeper: Client
) -> None:
    """2: minor units, currency, active flag, stable pages, category, search, admin's changes."""
    mark = f"m{token_hex(5)}"
    made = [keeper.product(f"Cup {mark} {number}", category=mark) for number in range(5)]
    anyone = guest(shop)
    for price in (4.5, -1, "450"):
        body = {"name": "Cup", "price": price, "currency": "EUR"}
        keeper.got(422, "POST /admin/products", body)

    first = anyone.got(200, "GET /products", params={"category": mark, "limit": 2})
    late = keeper.product(f"Cup {mark} late", category=mark)
    rest = anyone.products(category=mark, limit=2, cursor=first["cursor"])
    assert [each["product"] for each in first["products"] + rest] == [*made, late]
    assert all(type(each["price"]) is int and each["currency"] == "EUR" for each in rest)

    keeper.change(made[0], active=False)
    keeper.got(204, f"DELETE /admin/products/{made[1]}")
    found = [each["product"] for each in anyone.products(q=f"cup {mark}")]
    assert found == [*made[2:], late]
    for hidden in made[:2]:
        anyone.got(404, f"GET /products/{hidden}")


def test_a_picture_goes_through_a_url_that_ends_and_is_checked(
    shop: Project, keeper: Client
) -> None:
    """3: a short-lived upload URL for admins; type and size are checked; anyone sees it."""
    product = keeper.product()
    path = f"/admin/products/{product}"
    for bad in ({"content_type": "text/html", "size": 9}, {"content_type": "image/png", "size": 0}):
        keeper.got(422, f"POST {path}/images", bad)
    customer(shop).got(403, f"POST {path}/images", {"content_type": "image/png", "size": 9})
    place = keeper.got(201, f"POST {path}/images", {"content_type": "image/png", "size": 9})
    assert 0 < place["expires_at"] / 1000 - time.time() <= 15 * 60
    CLIENT.put(place["url"], content=b"<svg/> no", headers=place["headers"], timeout=40)
    keeper.got(409, f"PUT {path}/image", {"version": 1, "upload": place["upload"]})
    assert guest(shop).got(200, f"GET /products/{product}")["image"] is None

    address = keeper.picture(product)["image"]
    shown = CLIENT.get(address, timeout=40)  # by nobody: no token
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert guest(shop).got(200, f"GET /products/{product}")["image"] == address


def test_a_guests_cart_is_merged_at_login_and_priced_by_the_shop_each_time(
    shop: Project, keeper: Client
) -> None:
    """4: guest and user; merged once; at least one piece; one line a product; repriced."""
    tea, cup = keeper.product(price=450), keeper.product("Cup", price=1_000)
    visitor = with_cart(shop)
    for quantity in (0, -1, 100):
        lines = {"lines": [{"product": tea, "quantity": quantity}]}
        visitor.got(422, "POST /cart/lines", lines)
    twice = {"lines": [{"product": tea, "quantity": 1}, {"product": tea, "quantity": 2}]}
    (line,) = visitor.got(200, "POST /cart/lines", twice)["lines"]
    assert (line["quantity"], line["total"]) == (3, 1_350)

    known = customer(shop)
    known.put_in(tea, 2)
    known.put_in(cup)
    taken = {"username": known.name, "password": PASSWORD,
             "cart_token": visitor.headers["x-cart-token"]}  # fmt: skip
    for _ in range(2):  # the second time finds nothing more to take
        guest(shop).got(201, "POST /sessions", taken)
    seen = {each["product"]: each["quantity"] for each in known.got(200, "GET /cart")["lines"]}
    assert seen == {tea: 5, cup: 1}

    keeper.change(tea, price=500)
    assert known.total() == 5 * 500 + 1_000
    keeper.change(cup, active=False)
    cart = known.got(200, "GET /cart")
    assert (cart["gone"], cart["total"]) == ([cup], 2_500)
    assert guest(shop).ask("GET", "/cart").status_code == 401


def test_a_promotion_holds_within_its_window_from_its_minimum_on_and_so_often(
    shop: Project, keeper: Client
) -> None:
    """12: percent and fixed, window, minimum, limit; percentages round down."""
    now = time.time_ns() // 1_000_000
    product = keeper.sold(20, price=995)
    known = customer(shop)
    known.put_in(product)
    percent = keeper.promotion(kind="percent", value=10)
    fixed = keeper.promotion(kind="fixed", value=2_000)
    refused = [
        keeper.promotion(starts_at=now + HOUR_MS, ends_at=now + 2 * HOUR_MS),
        keeper.promotion(starts_at=now - 2 * HOUR_MS, ends_at=now - HOUR_MS),
        keeper.promotion(minimum=996),
        keeper.promotion(active=False),
        "NO-SUCH-CODE",
    ]
    assert known.total(percent.lower()) == 995 - 99, "99.5 rounded down"
    assert known.total(fixed) == 0, "never more than the subtotal"
    for code in refused:
        cart = known.got(200, "GET /cart", params={"promotion": code})
        assert (cart["total"], bool(cart["promotion_refused"])) == (995, True), code
        assert known.orders(total=995, promotion=code).status_code == 409

    assert known.orders(promotion=fixed).status_code == 201, "free of charge"
    placed = known.order(product, promotion=percent)
    assert (placed["discount"], placed["total"]) == (99, 896)
    known.put_in(product)
    assert known.orders(total=896, promotion=percent).status_code == 409, "used up"
    known.got(200, f"POST /orders/{placed['order']}/cancel")
    assert keeper.got(200, f"GET /admin/promotions/{percent}")["available"] == 1


def test_the_last_use_of_a_promotion_is_used_once(shop: Project, keeper: Client) -> None:
    """12: the limit is atomic."""
    product, code = keeper.sold(50, price=1_000), keeper.promotion(uses=1)
    people = [with_cart(shop) for _ in range(8)]
    for each in people:
        each.put_in(product)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: each.decided(900, promotion=code), people))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    assert keeper.got(200, f"GET /admin/promotions/{code}")["available"] == 0
    assert keeper.left(product) == 49
