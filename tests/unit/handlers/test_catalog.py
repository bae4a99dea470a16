"""The catalog over HTTP, through both clouds' events."""

import pytest

from tests.support.catalog import TEA, Catalog
from tests.support.memory_shop import CLOUDS

SEEN = {"product", "name", "description", "price", "currency", "category", "image"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_customer_browses_searches_and_looks_without_a_token(cloud: str) -> None:
    shop = Catalog()
    tea, cup = shop.made(), shop.made(name="Cup of glass", category="Cups", description="")

    listed = shop.call("GET /products", cloud=cloud)
    of_category = shop.call("GET /products?category=tea", cloud=cloud)
    found = shop.call("GET /products?q=GLASS%20cup&category=Cups", cloud=cloud)
    one = shop.call(f"GET /products/{tea}", cloud=cloud)

    assert [each["product"] for each in listed.json["products"]] == [tea, cup]
    assert [each["product"] for each in of_category.json["products"]] == [tea]
    assert [each["product"] for each in found.json["products"]] == [cup]
    assert all(set(each) == SEEN for each in listed.json["products"])
    assert listed.json["cursor"] == ""
    assert one.json == {**TEA, "product": tea, "image": None, "in_stock": False}
    assert {each.headers["cache-control"] for each in (listed, found, one)} == {"no-store"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_pages_go_on_where_the_one_before_ended(cloud: str) -> None:
    shop = Catalog()
    made = [shop.made() for _ in range(5)]
    first = shop.call("GET /products?limit=2", cloud=cloud).json
    second = shop.call(f"GET /products?limit=2&cursor={first['cursor']}", cloud=cloud).json
    third = shop.call(f"GET /products?limit=2&cursor={second['cursor']}", cloud=cloud).json

    pages = [[each["product"] for each in page["products"]] for page in (first, second, third)]
    assert pages == [made[:2], made[2:4], made[4:]]
    assert third["cursor"] == ""


def test_a_page_has_twenty_products_where_nobody_says_how_many() -> None:
    shop = Catalog()
    for _ in range(21):
        shop.made()

    for query in ("", "?q=tea"):
        assert len(shop.call(f"GET /products{query}").json["products"]) == 20


def test_stock_is_there_when_it_is_there() -> None:
    shop = Catalog()
    tea = shop.made()
    shop.table("stock").update({"product": tea}, add={"available": 2})

    assert shop.call(f"GET /products/{tea}").json["in_stock"] is True


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("cursor=x", "cursor"),
        ("q=tea&cursor=x", "cursor"),
        ("q=a", "q"),
        (f"q={'tea+' * 60}", "q"),
        (f"category={'%EF%B7%BA' * 60}", "category"),
        ("q=tea&category=%00", "category"),
        (f"category={'x' * 65}", "category"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_named(query: str, field: str) -> None:
    answer = Catalog().call(f"GET /products?{query}")

    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("product", ["x", "01KAMPVE00ZK8J4F7C2R5Q9XTZ", "%00", "a%20b"])
def test_a_product_that_is_not_there_is_not_found(product: str) -> None:
    assert Catalog().call(f"GET /products/{product}").status == 404


def test_what_is_hidden_or_deleted_is_not_found_either() -> None:
    shop = Catalog()
    hidden, deleted = shop.made(active=False), shop.made()
    assert shop.remove(deleted).status == 204

    assert [shop.call(f"GET /products/{each}").status for each in (hidden, deleted)] == [404, 404]


def test_a_lagging_list_tells_a_moment_later_and_a_look_at_once() -> None:
    shop = Catalog(lag_ms=1000)
    tea = shop.made()

    assert shop.call("GET /products").json["products"] == []
    assert shop.found("tea") == [tea]
    assert shop.call(f"GET /products/{tea}").status == 200
    shop.clock.advance(1000)
    assert [each["product"] for each in shop.pages("/products")] == [tea]
