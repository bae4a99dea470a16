"""What admins do with products over HTTP, and that nobody else does."""

from typing import Any

import pytest

from app.domain.ids import new_id
from app.ports.errors import UnavailableError
from tests.support.catalog import TEA, Catalog, ascending
from tests.support.faults import Faults
from tests.support.memory_shop import CLOUDS, NOW_MS

OPERATIONS = [
    ("GET /admin/products", None),
    ("POST /admin/products", TEA),
    ("GET /admin/products/{}", None),
    ("PUT /admin/products/{}", {**TEA, "version": 1, "active": True}),
    ("DELETE /admin/products/{}", None),
    ("POST /admin/products/{}/images", {"content_type": "image/png", "size": 3}),
    ("PUT /admin/products/{}/image", {"version": 1, "upload": None}),
]


@pytest.mark.parametrize(("key", "body"), OPERATIONS)
def test_only_an_admin_may(key: str, body: object) -> None:
    shop = Catalog()
    product = shop.made()
    before = shop.row(product)

    assert shop.call(key.format(product), body).status == 401
    assert shop.call(key.format(product), body, token=shop.token("tea-house")).status == 403
    assert shop.row(product) == before
    assert shop.call(key.format(product), body, token=shop.by).status < 300


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_product_is_made_looked_at_changed_and_deleted(cloud: str) -> None:
    shop = Catalog()
    more: dict[str, Any] = {"token": shop.by, "cloud": cloud}

    made = shop.call("POST /admin/products", TEA, **more)
    product = made.json["product"]
    path = f"/admin/products/{product}"
    known = {"product": product, "image": None, "deleted": False, "created_at": NOW_MS}
    assert (made.status, made.json) == (
        201, {**TEA, **known, "active": True, "version": 1, "updated_at": NOW_MS},
    )  # fmt: skip
    assert shop.call(f"GET {path}", **more).json == made.json

    shop.clock.advance(5)
    change = {**TEA, "price": 500, "active": False, "version": 1}
    changed = shop.call(f"PUT {path}", change, **more)
    assert changed.status == 200
    assert changed.json == {**known, **change, "version": 2, "updated_at": NOW_MS + 5}
    assert shop.call(f"PUT {path}", change, **more).status == 409

    for _ in range(2):
        assert shop.call(f"DELETE {path}", **more).status == 204
    left = shop.call(f"GET {path}", **more).json
    assert (left["deleted"], left["active"], left["version"]) == (True, False, 3)
    assert shop.call(f"PUT {path}", {**change, "version": 3}, **more).status == 409


def test_each_edit_tells_the_audit_trail_who_did_what_in_the_same_write() -> None:
    shop = Catalog()
    product = shop.made()
    shop.edit(product, price=500, description="Other")
    shop.choose(product, upload := shop.uploaded(product))
    shop.remove(product)

    told = shop.told()
    by = shop.table("users").get({"username": "shopkeeper"})
    assert by is not None
    assert {(each["kind"], each["subject"], each["by"]) for each in told} == {
        ("audit", f"product:{product}", by["user_id"])
    }
    assert [(each["what"], each["more"]) for each in told] == [
        ("created", {"name": "Green tea", "price": 450, "currency": "EUR"}),
        ("changed", {"price": [450, 500], "description": "changed"}),
        ("picture", {"upload": upload}),
        ("deleted", {}),
    ]
    assert shop.row(product)["told"] == "[]"


def test_what_could_not_be_told_waits_in_the_row() -> None:
    shop = Catalog()
    product = shop.made()
    count = Faults(shop.cloud, 0, UnavailableError, after=False)
    shop.edit(product, count, price=1)
    at = count.calls.index("events.send") + 1

    status = shop.edit(product, Faults(shop.cloud, at, UnavailableError, after=False), price=2)

    assert status.status == 200
    assert '"price":[1,2]' in str(shop.row(product)["told"])
    assert str(shop.row(product)["outbox"]).startswith("told#")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"price": 0}, "$.price"),
        ({"price": 10**12 + 1}, "$.price"),
        ({"price": 1.5}, "$.price"),
        ({"currency": "eur"}, "$.currency"),
        ({"name": ""}, "$.name"),
        ({"name": "   "}, "$.name"),
        ({"name": "a\x00b"}, "$.name"),
        ({"name": "Tea \u202eegg"}, "$.name"),
        ({"category": "Tea\u2067"}, "$.category"),
        ({"name": "x" * 201}, "$.name"),
        ({"description": "x" * 4001}, "$.description"),
        ({"description": "a\x1b[0m"}, "$.description"),
        ({"category": "ﷺ" * 64}, "$.category"),
        ({"category": "x" * 65}, "$.category"),
        ({"more": 1}, "$"),
    ],
)
def test_what_no_product_can_be_is_refused_and_named(changed: dict[str, Any], field: str) -> None:
    shop = Catalog()
    answer = shop.make(**changed)

    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
    assert shop.rows("products") == shop.rows("stock") == []


def test_spaces_are_one_and_lines_of_a_description_stay() -> None:
    shop = Catalog()
    row = shop.row(shop.made(name="  Green \n tea ", description=" one\n\ttwo ", category=" A  b "))

    assert (row["name"], row["description"], row["category"]) == ("Green tea", "one\n\ttwo", "A b")


def test_the_admins_list_has_all_in_order_over_its_shelves() -> None:
    shop = Catalog()
    made = [shop.made(active=number % 3 > 0) for number in range(25)]
    shop.remove(made[5])

    found = [each["product"] for each in shop.pages("/admin/products", limit="4")]

    assert found == made
    assert ascending(found)


@pytest.mark.parametrize("key", [key for key, _ in OPERATIONS if "{}" in key])
def test_of_a_product_that_is_not_there_nothing_can_be_done(key: str) -> None:
    shop = Catalog()
    body = dict(OPERATIONS)[key]

    for product in (new_id(NOW_MS), "x"):
        assert shop.call(key.format(product), body, token=shop.by).status == 404


def test_an_answer_that_was_lost_is_told_from_an_edit_by_somebody_else() -> None:
    shop = Catalog()
    product = shop.made()
    count = Faults(shop.cloud, 0, UnavailableError, after=False)
    shop.edit(product, count, price=1)
    at = count.calls.index("products.update") + 1

    lost = shop.edit(product, Faults(shop.cloud, at, UnavailableError, after=True), price=2)
    assert (lost.status, lost.json["price"], lost.json["version"]) == (200, 2, 3)
    never = shop.edit(product, Faults(shop.cloud, at, UnavailableError, after=False), price=3)
    assert (never.status, shop.row(product)["price"]) == (503, 2)


def test_a_product_without_a_row_of_stock_cannot_be() -> None:
    shop = Catalog()
    count = Faults(shop.cloud, 0, UnavailableError, after=False)
    shop.make(count)
    assert [each for each in count.calls if each.endswith(".put")][:2] == [
        "stock.put", "products.put",
    ]  # fmt: skip
    (row,) = shop.rows("stock")
    assert row["available"] == 0
    assert {row[f"v{slot}"] for slot in range(8)} == {0}
    assert {row[f"{name}{slot}"] for name in "ko" for slot in range(8)} == {""}
