"""A product's picture: looked at, shown to anyone, and removed when it is shown no more."""

import pytest

from app.domain.product import IMAGES
from app.domain.uploads import UNFINISHED_MS
from app.services.product_images import NAMED_MS
from tests.support.catalog import PNG, Catalog

CONTENTS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0 and more",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/gif": b"GIF89a and more",
}
HOUR_MS = 60 * 60 * 1000


def _kept(shop: Catalog) -> set[str]:
    return set(shop.images._blobs)


def _later(shop: Catalog, ms: int) -> None:
    shop.clock.advance(ms)
    shop.by = shop.token("shopkeeper")


@pytest.mark.parametrize("content_type", IMAGES)
def test_a_picture_is_seen_by_anyone_at_the_address_that_the_product_tells(
    content_type: str,
) -> None:
    shop = Catalog()
    product, body = shop.made(), CONTENTS[content_type]
    wanted = {"content_type": content_type, "size": len(body)}
    begun = shop.call(f"POST /admin/products/{product}/images", wanted, token=shop.by).json
    assert shop.images.receive(begun["url"], begun["headers"], body) == 200

    chosen = shop.choose(product, begun["upload"])

    assert chosen.status == 200
    for path in (f"/products/{product}", "/products?q=tea", "/products"):
        seen = shop.call(f"GET {path}").json
        seen = seen if "image" in seen else seen["products"][0]
        assert shop.images.serve(seen["image"]) == (200, body)
        assert seen["image"] == chosen.json["image"]
    assert _kept(shop) == {f"kept/{product}/{begun['upload']}"}


def test_the_picture_before_is_removed_and_none_at_all_can_be_chosen() -> None:
    shop = Catalog()
    product = shop.made()
    first, second = shop.uploaded(product), shop.uploaded(product)
    shop.choose(product, first)
    assert shop.choose(product, second).status == 200
    assert _kept(shop) == {f"kept/{product}/{second}"}
    assert shop.choose(product, first).status == 404, "it is gone"

    none = shop.choose(product, None)

    assert (none.status, none.json["image"], _kept(shop)) == (200, None, set())


def test_a_picture_that_is_chosen_again_changes_nothing() -> None:
    shop = Catalog()
    product = shop.made()
    upload = shop.uploaded(product)
    first = shop.choose(product, upload)
    _later(shop, 3 * UNFINISHED_MS)

    assert shop.choose(product, upload).json == first.json


@pytest.mark.parametrize(("body", "size"), [(b"GIF89a is no PNG", None), (PNG, 1)])
def test_what_is_not_as_it_was_declared_is_refused_and_removed(
    body: bytes, size: int | None
) -> None:
    shop = Catalog()
    product = shop.made()
    upload = shop.uploaded(product)
    place = f"pending/{product}/{upload}"
    shop.images.put(place, body + b"." * (size or 0), "image/png")

    assert shop.choose(product, upload).status == 409
    assert shop.choose(product, upload).status == 404
    assert (shop.row(product)["image"], _kept(shop)) == ("", set())


def test_what_was_not_put_yet_is_told_so() -> None:
    shop = Catalog()
    product = shop.made()
    wanted = {"content_type": "image/png", "size": 3}
    begun = shop.call(f"POST /admin/products/{product}/images", wanted, token=shop.by).json

    assert shop.choose(product, begun["upload"]).status == 409
    assert shop.row(product)["version"] == 1


@pytest.mark.parametrize("content_type", ["text/plain", "image/svg+xml", "application/pdf"])
def test_what_is_no_picture_is_refused(content_type: str) -> None:
    shop = Catalog()
    key = f"POST /admin/products/{shop.made()}/images"

    assert shop.call(key, {"content_type": content_type, "size": 3}, token=shop.by).status == 422


def test_a_picture_of_one_product_is_none_of_another() -> None:
    shop = Catalog()
    one, other = shop.made(), shop.made()

    assert shop.choose(other, shop.uploaded(one)).status == 404


def test_who_saw_another_version_is_refused_and_nothing_is_removed() -> None:
    shop = Catalog()
    product = shop.made()
    first, second = shop.uploaded(product), shop.uploaded(product)
    shop.choose(product, first)

    assert shop.choose(product, second, version=1).status == 409
    assert f"kept/{product}/{first}" in _kept(shop)
    assert shop.choose(product, second).status == 200


def test_the_picture_of_a_deleted_product_goes_with_it() -> None:
    shop = Catalog()
    product = shop.made()
    shop.choose(product, upload := shop.uploaded(product))

    shop.remove(product)

    assert _kept(shop) == set()
    assert shop.choose(product, upload).status == 409
    wanted = {"content_type": "image/png", "size": 3}
    key = f"POST /admin/products/{product}/images"
    assert shop.call(key, wanted, token=shop.by).status == 409


def test_a_day_later_what_is_shown_stays_and_all_else_is_gone() -> None:
    """Never PUT, PUT and not chosen, looked at and not chosen, chosen once: all of it goes."""
    shop = Catalog()
    product = shop.made()
    shown, before, unlooked, late = (shop.uploaded(product) for _ in range(4))
    wanted = {"content_type": "image/png", "size": 3}
    shop.call(f"POST /admin/products/{product}/images", wanted, token=shop.by)
    shop.choose(product, before)
    shop.choose(product, late, version=1)
    shop.choose(product, shown)
    shop.images.put(f"pending/{product}/{shown}", b"again", "image/png")
    _later(shop, UNFINISHED_MS + 60_000)

    shop.sweep()

    assert _kept(shop) == {f"kept/{product}/{shown}"}
    assert {row["upload"] for row in shop.rows("image_uploads")} == {shown}
    assert shop.choose(product, unlooked).status == 409
    shop.check()
    assert shop.choose(product, None).status == 200
    assert (_kept(shop), shop.rows("image_uploads")) == (set(), [])


def test_what_was_looked_at_and_never_chosen_goes_too_and_is_refused_before() -> None:
    shop = Catalog()
    product = shop.made()
    upload = shop.uploaded(product)
    row = {"owner": product, "upload": upload}
    shop.images.put(f"kept/{product}/{upload}", PNG, "image/png")
    shop.table("image_uploads").update(row, set={"state": "kept"})
    _later(shop, NAMED_MS - HOUR_MS)
    assert shop.sweep()["pictures"] == 0
    _later(shop, HOUR_MS + 1)
    assert shop.choose(product, upload).status == 409

    _later(shop, 3 * HOUR_MS)

    assert shop.sweep()["pictures"] == 1
    assert (_kept(shop), shop.rows("image_uploads")) == (set(), [])
