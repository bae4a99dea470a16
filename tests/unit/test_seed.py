"""What `make seed` puts in, how its pictures are made, and that doing it again adds nothing."""

import json
import struct
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infra.cli import seed
from infra.cli.picture import PATTERNS, SIDE, picture
from infra.cli.seed_goods import Goods, goods
from infra.cli.seeding import fill
from infra.cli.shop_http import Answer, Shop, checked
from infra.errors import PlatformError
from tests.conftest import Counts
from tests.support.memory_shop import MemoryShop


@dataclass
class Asked(Shop):
    """A shop in memory, asked as one of its admins; after `left` requests it is gone."""

    memory: MemoryShop = field(default_factory=MemoryShop)
    by: str = field(default="", repr=False)
    left: int = 1_000_000

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if not self.left:
            raise PlatformError("gone")
        self.left -= 1
        found = self.memory.call(f"{method} {path}", body, token=self.by, headers=headers)
        return Answer(found.status, found.headers, json.dumps(found.json).encode())

    def put(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return self.memory.cloud.buckets["images"].receive(url, headers, body)

    def fill(self, what: Goods) -> tuple[int, int]:
        """How many products and promotions it put in."""
        done = fill(self, what, lambda _: None, self.put)
        return done.products, done.promotions


@pytest.fixture
def asked() -> Asked:
    memory = MemoryShop()
    return Asked(address="https://shop.example", memory=memory, by=memory.admin())


def some(products: int) -> Goods:
    """Some of the goods."""
    return replace(goods(), wares=goods().wares[:products])


def chunks(png: bytes) -> dict[bytes, bytes]:
    """A PNG's chunks by their kinds; fails where one is damaged."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    found, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size) == (zlib.crc32(kind + body),)
        found[kind] = body
        at += 12 + size
    return found


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_picture_is_a_png_of_two_shades(pattern: str) -> None:
    found = chunks(picture("Green tea", pattern))
    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (SIDE, SIDE, 8, 3, 0, 0, 0)
    assert len(found[b"PLTE"]) == 2 * 3
    pixels = zlib.decompress(found[b"IDAT"])
    assert len(pixels) == SIDE * (SIDE + 1)
    assert set(pixels) == {0, 1}


def test_no_two_products_look_alike_and_each_looks_the_same_again() -> None:
    pictures = [each.image for each in goods().wares]
    assert len(set(pictures)) == len(pictures)
    assert max(map(len, pictures)) < 4_000
    assert goods().wares[0].image == pictures[0]


def test_there_are_forty_products_in_several_categories_and_two_promotions() -> None:
    found = goods()
    assert len(found.wares) == 40
    assert len({each.known_by for each in found.wares}) == 40
    assert min(Counter(each.category for each in found.wares).values()) >= 5
    assert all(each.price > 0 and each.stock > 0 and each.description for each in found.wares)
    assert {each.kind for each in found.promotions} == {"percent", "fixed"}


def test_a_shop_is_filled_once(asked: Asked) -> None:
    assert asked.fill(some(4)) == (4, 2)
    rows = [dict(asked.memory.table(name)._rows) for name in ("products", "stock", "promotions")]
    assert asked.fill(some(4)) == (0, 0)
    assert rows == [
        dict(asked.memory.table(name)._rows) for name in ("products", "stock", "promotions")
    ]
    assert asked.fill(some(5)) == (1, 0), "only what is new"


def test_what_an_admin_has_deleted_is_put_in_again_and_what_he_changed_is_left(
    asked: Asked,
) -> None:
    asked.fill(some(2))
    first, second = asked.pages("/admin/products", "products")
    asked.expect(204, "DELETE", f"/admin/products/{first['product']}")
    names = ("version", "name", "description", "price", "currency", "category", "active")
    dearer = {name: second[name] for name in names} | {"price": 9_900}
    asked.expect(200, "PUT", f"/admin/products/{second['product']}", dearer)

    assert asked.fill(some(2)) == (1, 0)

    seen = {each["product"]: each for each in asked.pages("/products", "products")}
    assert seen[second["product"]]["price"] == 9_900
    assert len(seen) == 2


def test_wherever_it_is_interrupted_the_next_run_finishes_and_doubles_nothing(
    counts: Counts,
) -> None:
    whole = 0
    for left in range(1, 15, counts(small=3, full=1)):
        memory = MemoryShop()
        asked = Asked(address="https://shop.example", memory=memory, by=memory.admin(), left=left)
        try:
            asked.fill(some(2))
        except PlatformError:
            asked.left = 1_000_000
            asked.fill(some(2))
        else:
            whole += 1
        asked.left = 1_000_000
        found = list(asked.pages("/admin/products", "products"))
        assert Counter(each["name"] for each in found) == {
            each.name: 1 for each in some(2).wares
        }, left
        assert all(each["image"] for each in found)
        stock = {row["product"]: row["available"] for row in memory.table("stock")._rows.values()}
        left_of = {each["name"]: stock[each["product"]] for each in found}
        assert left_of == {each.name: each.stock for each in some(2).wares}
        assert len(memory.table("promotions")._rows) == 2
    assert 0 < whole < 5, "some were interrupted, some were not"


def test_a_promotion_that_is_over_holds_for_another_year(asked: Asked) -> None:
    asked.fill(some(0))
    promotions = asked.memory.table("promotions")
    for each in some(0).promotions:
        promotions.update({"code": each.code}, set={"starts_at": 1, "ends_at": 2})
    assert asked.fill(some(0)) == (0, 2)
    assert asked.fill(some(0)) == (0, 0)


@pytest.mark.parametrize(
    ("address", "environment", "missing"),
    [
        ("", {}, "its address and SHOP_TOKEN were"),
        ("https://shop.example", {}, "SHOP_TOKEN was"),
        ("", {"SHOP_TOKEN": "t"}, "its address was"),
    ],
)
def test_a_shop_elsewhere_needs_its_address_and_a_token(
    address: str, environment: dict[str, str], missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--stack", "aws-dev", *(["--address", address] if address else [])]
    assert seed.main(words, Path("/nowhere"), environment) == 1
    told = capsys.readouterr().err
    assert f"stack aws-dev: {missing} not given, so nothing was put in" in told
    assert "→ make admin STACK=aws-dev" in told


def test_a_token_is_taken_from_the_environment_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        seed.main(["--token", "x"], Path("/nowhere"), {})
    assert "unrecognized arguments" in capsys.readouterr().err
    shop = seed.elsewhere("aws-dev", "https://shop.example/", {"SHOP_TOKEN": "secret-one"})
    assert (shop.address, shop.token) == ("https://shop.example", "secret-one")
    assert "secret-one" not in repr(shop)


@pytest.mark.parametrize(
    "address",
    ["http://shop.example", "shop.example", "ftp://shop.example", "https://", "",
     "https://a:b@shop.example", "https://shop.example/shop", "https://shop.example?x=1"],
)  # fmt: skip
def test_no_token_goes_where_it_can_be_read_or_is_not_meant(address: str) -> None:
    with pytest.raises(PlatformError, match="no address to which a token may be sent"):
        checked(address)
    assert checked("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_an_answer_tells_its_detail_and_a_list_is_read_to_its_end() -> None:
    class Listed(Shop):
        def ask(self, method: str, path: str, *_: Any) -> Answer:
            page = 2 if "cursor=next" in path else 1
            body = {"things": [page], "cursor": "next" if page == 1 else ""}
            return Answer(200 if method == "GET" else 409, {}, json.dumps(body).encode())

    shop = Listed("https://shop.example")
    assert list(shop.pages("/things", "things", state="a b")) == [1, 2]
    with pytest.raises(PlatformError, match="POST /things was answered by 409, not 201"):
        shop.expect(201, "POST", "/things")
    assert Answer(409, {}, b'{"detail": "sold out"}').detail == "sold out"
    assert Answer(502, {}, b"Bad Gateway").detail == "Bad Gateway"
