"""The catalog of a running shop: an admin fills it, anyone browses, searches and looks."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from tests.support.project import CLIENT, Project
from tests.support.shop_client import PNG, Client, admin, customer, guest
from tests.support.shop_operator import table


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


def test_products_are_found_by_lists_categories_and_words(shop: Project, keeper: Client) -> None:
    mark = f"m{token_hex(5)}"
    tea = keeper.product(f"Green tea {mark}", category=f"Tea {mark}")
    cup = keeper.product(f"Cup {mark}", description="for green tea", category=f"Cups {mark}")
    anyone = guest(shop)

    def ids(**asked: object) -> list[str]:
        return [each["product"] for each in anyone.products(**asked)]

    assert {tea, cup} <= set(ids(limit=100))
    assert ids(category=f"TEA {mark}") == [tea]
    assert ids(q=mark) == ids(q=f"GREEN {mark}", limit=1) == [tea, cup]
    assert ids(q=f"green {mark}", category=f"cups {mark}") == [cup]
    assert ids(q=f"{mark} nothing") == []

    keeper.change(tea, name=f"Black tea {mark}", price=990)

    assert ids(q=f"green {mark}") == [cup]
    assert ids(q=f"black {mark}") == [tea]
    seen = anyone.got(200, f"GET /products/{tea}")
    assert (seen["price"], seen["in_stock"]) == (990, False)
    table(shop, "stock").update({"product": tea}, set={"available": 1})
    assert anyone.got(200, f"GET /products/{tea}")["in_stock"] is True

    keeper.got(204, f"DELETE /admin/products/{tea}")
    assert ids(q=mark) == [cup]
    anyone.got(404, f"GET /products/{tea}")
    assert keeper.got(200, f"GET /admin/products/{tea}")["deleted"] is True


def test_nothing_is_left_out_or_repeated_while_products_are_added(
    shop: Project, keeper: Client
) -> None:
    mark = f"m{token_hex(5)}"
    there = [keeper.product(f"Tea {mark} {number}", category=mark) for number in range(15)]
    anyone = guest(shop)
    with ThreadPoolExecutor(4) as pool:
        adding = [
            pool.submit(keeper.product, f"More {mark} {number}", category=mark)
            for number in range(20)
        ]
        lists = [
            [each["product"] for each in anyone.products(limit=3, **asked)]
            for asked in ({"category": mark}, {"q": mark}, {"q": f"tea {mark}"})
        ]
        lists.append(
            [each["product"] for each in keeper.pages("/admin/products", "products", limit=3)]
        )
        added = [each.result() for each in adding]
    for found in lists:
        assert found == sorted(set(found))
        assert set(there) <= set(found)
    assert set(lists[0]) <= {*there, *added}
    assert {each["product"] for each in anyone.products(q=mark)} == {*there, *added}


def test_a_picture_is_put_looked_at_and_shown_to_anyone(shop: Project, keeper: Client) -> None:
    product = keeper.product()
    first = keeper.picture(product)["image"]
    seen = guest(shop).got(200, f"GET /products/{product}")["image"]
    shown = CLIENT.get(seen, timeout=40)
    assert (seen, shown.status_code, shown.content) == (first, 200, PNG)
    assert shown.headers["content-type"] == "image/png"

    second = keeper.picture(product, PNG + b"anew")["image"]

    assert CLIENT.get(second, timeout=40).content == PNG + b"anew"
    assert CLIENT.get(first, timeout=40).status_code == 404
    place = keeper.got(201, f"POST /admin/products/{product}/images",
                       {"content_type": "image/png", "size": 9})  # fmt: skip
    put = CLIENT.put(place["url"], content=b"<svg/> no", headers=place["headers"], timeout=40)
    assert put.is_success
    version = keeper.got(200, f"GET /admin/products/{product}")["version"]
    chosen = {"version": version, "upload": place["upload"]}
    keeper.got(409, f"PUT /admin/products/{product}/image", chosen)
    assert guest(shop).got(200, f"GET /products/{product}")["image"] == second


def test_of_two_who_edit_one_version_at_once_one_is_refused(keeper: Client) -> None:
    product = keeper.product()
    body = {"version": 1, "name": "Tea", "description": "", "price": 1, "currency": "EUR",
            "category": "", "active": True}  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        edits = [
            pool.submit(
                keeper.ask, "PUT", f"/admin/products/{product}", json=body | {"price": price}
            )
            for price in range(1, 9)
        ]
        answers = [each.result() for each in edits]

    assert sorted({each.status_code for each in answers}) == [200, 409]
    (done,) = (each.json() for each in answers if each.status_code == 200)
    there = keeper.got(200, f"GET /admin/products/{product}")
    assert (there["version"], there["price"]) == (2, done["price"])


def test_a_customer_is_no_admin(shop: Project, keeper: Client) -> None:
    product = keeper.product()
    somebody = customer(shop)
    for who, status in ((guest(shop), 401), (somebody, 403)):
        who.got(status, "GET /admin/products")
        who.got(status, "POST /admin/products", {"name": "x", "price": 1, "currency": "EUR"})
        who.got(status, f"DELETE /admin/products/{product}")
    guest(shop).got(200, f"GET /products/{product}")


def test_the_sweep_finds_nothing_amiss(shop: Project, keeper: Client) -> None:
    keeper.change(keeper.product("Mug"), name="Cup")

    ran = shop.run("schedule_look", "--run", "sweep").ok()

    assert "sweep" in ran.output
    assert not [line for line in shop.log() if line.get("failed") in ("reindex", "pictures")]
