"""`make seed` fills a running shop, once; `make tour` buys something there, or says what failed."""

from collections import Counter

import pytest

from infra.cli.seed_goods import goods
from tests.support.project import CLIENT, Project
from tests.support.shop_client import Client, admin, guest
from tests.support.shop_operator import rows


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


def test_a_shop_is_filled_once_however_often_it_is_told_to(shop: Project, keeper: Client) -> None:
    wares = goods().wares
    first = shop.run("seed").ok().output
    assert f"{len(wares)} products put in, 0 were there; 2 promotions put in" in first
    found = guest(shop).products(limit=100)
    assert Counter(each["name"] for each in found) == Counter(each.name for each in wares)
    seen = {each["name"]: each for each in found}
    for ware in (wares[0], wares[-1]):
        shown = CLIENT.get(seen[ware.name]["image"], timeout=40)
        assert (shown.content, shown.headers["content-type"]) == (ware.image, "image/png")
        assert keeper.left(seen[ware.name]["product"]) == ware.stock

    before = rows(shop, "products"), rows(shop, "stock"), rows(shop, "promotions")
    again = shop.run("seed").ok().output

    assert "codes:     WELCOME-10, FIVE-OFF" in again
    assert f"0 products put in, {len(wares)} were there; 0 promotions put in" in again
    assert (rows(shop, "products"), rows(shop, "stock"), rows(shop, "promotions")) == before


def test_what_an_interrupted_seed_left_is_finished(shop: Project, keeper: Client) -> None:
    shop.run("seed").ok()
    (found,) = guest(shop).products(q="gooseneck")
    bare = {"version": 2, "upload": None}
    keeper.got(200, f"PUT /admin/products/{found['product']}/image", bare)
    left = keeper.left(found["product"])

    assert "1 products put in" in shop.run("seed").ok().output

    assert guest(shop).products(q="gooseneck")[0]["image"]
    assert keeper.left(found["product"]) == left, "it had its stock already"


def test_the_admin_that_the_shop_lends_is_none_afterwards(shop: Project) -> None:
    def lent(name: str) -> list[object]:
        return [row for row in rows(shop, name) if str(row["username"]).startswith("lent-")]

    shop.run("seed").ok()
    assert (lent("users"), lent("sessions")) == ([], [])
    token = "".join(str(line) for line in shop.log())
    assert "eyJ" not in token


def test_a_tour_buys_and_gives_back_and_leaves_the_shelves_as_they_were(shop: Project) -> None:
    shop.run("seed").ok()
    before = {row["product"]: row["available"] for row in rows(shop, "stock")}

    told = shop.run("tour").ok().output

    for said in (
        "POST /orders", "201", "409", "is pending", "Your order is paid", "Your refund",
        "refund asked for", "All of it went as it should.",
    ):  # fmt: skip
        assert said in told, told
    assert {row["product"]: row["available"] for row in rows(shop, "stock")} == before


def test_a_tour_says_what_was_unexpected_and_ends_otherwise(shop: Project, keeper: Client) -> None:
    shop.run("seed").ok()
    code = "/admin/promotions/WELCOME-10"
    there = keeper.got(200, f"GET {code}")
    names = ("kind", "value", "currency", "minimum", "starts_at", "ends_at", "active", "version")
    terms = {name: there[name] for name in names}
    keeper.got(200, f"PUT {code}", terms | {"active": False})

    ran = shop.run("tour")

    assert ran.code == 1
    assert "unexpected, in step 6. Use a promotion" in ran.output
    assert "WELCOME-10 gives nothing (this promotion does not hold now)" in ran.output
    keeper.got(200, f"PUT {code}", terms | {"version": there["version"] + 1})
