"""A shop in memory with a catalog, and what is to be true of it."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.domain.product import category_key
from app.domain.words import words_of
from app.ports.adapters import Adapters
from app.ports.tables import Row, Table
from app.services.index_words import QUIET_MS
from app.services.product_rows import Products
from tests.support.memory_shop import Answer, MemoryShop

PNG = b"\x89PNG\r\n\x1a\n and so on"
TEA = {"name": "Green tea", "price": 450, "currency": "EUR", "category": "Tea",
       "description": "From the first harvest"}  # fmt: skip


class Catalog(MemoryShop):
    """A shop with an admin, whose requests these are."""

    def __init__(self, *, lag_ms: int = 0) -> None:
        super().__init__(lag_ms=lag_ms)
        self.by = self.admin()

    def make(self, adapters: Adapters | None = None, **changed: Any) -> Answer:
        return self.call("POST /admin/products", TEA | changed, token=self.by, adapters=adapters)

    def made(self, **changed: Any) -> str:
        """The id of a product that is new."""
        self.clock.advance(1)
        answer = self.make(**changed)
        assert answer.status == 201, answer
        return str(answer.json["product"])

    def edit(self, product: str, adapters: Adapters | None = None, **changed: Any) -> Answer:
        """Change some of what is said, of the version that is there unless it is given."""
        row = self.row(product)
        columns = ("version", "name", "description", "price", "currency", "category", "active")
        body = {name: row[name] for name in columns} | changed
        key = f"PUT /admin/products/{product}"
        return self.call(key, body, token=self.by, adapters=adapters)

    def remove(self, product: str, adapters: Adapters | None = None) -> Answer:
        return self.call(f"DELETE /admin/products/{product}", token=self.by, adapters=adapters)

    def uploaded(self, product: str, body: bytes = PNG, size: int | None = None) -> str:
        """An upload of a picture that was PUT."""
        wanted = {"content_type": "image/png", "size": size or len(body)}
        begun = self.call(f"POST /admin/products/{product}/images", wanted, token=self.by)
        assert begun.status == 201, begun
        place = begun.json
        assert self.images.receive(place["url"], place["headers"], body) == 200
        return str(place["upload"])

    def choose(
        self,
        product: str,
        upload: str | None,
        version: int | None = None,
        adapters: Adapters | None = None,
    ) -> Answer:
        body = {"version": version or self.row(product)["version"], "upload": upload}
        key = f"PUT /admin/products/{product}/image"
        return self.call(key, body, token=self.by, adapters=adapters)

    def found(self, query: str, **more: str) -> list[str]:
        """The ids of all that a search finds, page after page."""
        return [each["product"] for each in self.pages("/products", q=query, **more)]

    def pages(self, path: str, **asked: str) -> Iterator[Any]:
        cursor, token = "", self.by if path.startswith("/admin") else None
        while True:
            query = "&".join(
                f"{name}={value}" for name, value in {**asked, "cursor": cursor}.items()
            )
            answer = self.call(f"GET {path}?{query}", token=token)
            assert answer.status == 200, answer
            yield from answer.json["products"]
            cursor = answer.json["cursor"]
            if not cursor:
                return

    def row(self, product: str) -> Row:
        row = self.table("products").get({"product": product})
        assert row is not None
        return row

    def rows(self, table: str) -> list[Row]:
        return list(self.table(table)._rows.values())

    def told(self) -> list[Any]:
        """What went to the queue of events."""
        return [json.loads(each.body) for each in self.cloud.queues["events"].messages]

    @property
    def images(self) -> Any:
        return self.cloud.buckets["images"]

    def quiet(self) -> None:
        """Nobody who worked before is at it any more; the admin logs in again."""
        self.clock.advance(QUIET_MS + 60_000)

    def swept(self) -> None:
        """All that was left is done. Fails unless words and pictures are as they are to be."""
        self.quiet()
        self.sweep()
        self.check()

    def check(self) -> None:
        """Fail unless each row of words, each picture and each row of stock has its product."""
        wanted: dict[tuple[str, str], tuple[str, str]] = {}
        pictures = set()
        for row in self.rows("products"):
            assert "reindex" not in row
            assert json.loads(str(row["dropped"])) == []
            words = expected_words(row)
            assert set(json.loads(str(row["written"]))) == set(words)
            marks = " ".join(words), category_key(str(row["category"]))
            wanted |= {(each, str(row["product"])): marks for each in words}
            pictures |= {row["image"]} - {""}
            assert self.table("stock").get({"product": str(row["product"])}) is not None
        there = {
            (str(row["word"]), str(row["product"])): (str(row["words"]), str(row["category"]))
            for row in self.rows("words")
        }
        assert there == wanted
        kept = {key for key in self.images._blobs if key.startswith("kept/")}
        assert kept >= pictures, "a product shows a picture that is not there"
        self.unseen = kept - pictures


def expected_words(row: Row) -> tuple[str, ...]:
    """The words by which a product is to be found."""
    if row["deleted"] or not row["active"]:
        return ()
    return words_of(*(str(row[name]) for name in ("name", "category", "description")))


@dataclass
class Counted:
    """A table that counts what is read of it."""

    table: Table
    gets: int = 0
    rows: int = 0

    def get(self, key: Any) -> Any:
        self.gets += 1
        return self.table.get(key)

    def query(self, *given: Any, **named: Any) -> Any:
        page = self.table.query(*given, **named)
        self.rows += len(page.rows)
        return page

    def __getattr__(self, method: str) -> Any:
        raise AssertionError(f"nobody who looks {method}s")


def all_pages(
    one: Callable[[str], Products], between: Callable[[], object] = lambda: None
) -> list[str]:
    """The ids of all pages; `between` is done after each."""
    found: list[str] = []
    cursor = ""
    while True:
        page = one(cursor)
        found += [each.product for each in page.products]
        cursor = page.cursor
        if not cursor:
            return found
        between()


def ascending(ids: Iterable[str]) -> bool:
    """Whether each is greater than the one before: in order, and none twice."""
    listed = list(ids)
    return listed == sorted(set(listed))
