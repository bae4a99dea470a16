"""The rows of the table `products`, as the services on them read and write them.

product     a ULID, the key; lists go by it, so nothing is skipped or repeated as rows are added
name, description, price, currency, category, active  as `app.domain.product` has them
deleted     whether it is sold no more for good: the row stays for who refers to it
image       the key of its picture in the bucket `images`, or ""
version     every edit of an admin is conditional on it, and raises it
created_at, updated_at  UTC epoch milliseconds
listed, listed_in  "listed" and the category's key, while customers see it
shelf       a shard of "shelf", by `product`: the list of all of them
words       a JSON list of the words by which it is to be found: none while customers do not see it
written     a JSON list of all words that may have a row in the table `words`
edited      the id of what the last edit told, by which its writer knows it again
worded_at   when `words`, or what stands beside them in their rows, changed; it only grows
dropped     a JSON list of the uploads whose pictures are to be removed
reindex, reindex_at  a shard of "reindex", by `product`, and when the sweep sees to it, as a ULID,
            while words or pictures are not as they are to be
told, tries, outbox, outbox_at  as `app.services.row_outbox` has them

Rows of the table `words`: word, product, and of the product `words`, joined by spaces, and
`category`, its key: so a query judges a row without reading another.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.errors import InvalidError, NotFoundError
from app.domain.ids import first_id, is_id
from app.domain.product import Draft, category_key
from app.domain.shards import shard
from app.domain.words import words_of
from app.ports.tables import Between, Key, Row, Table

LISTED, BY_LISTING, BY_CATEGORY = "listed", "by_listing", "by_category"
SHELF, BY_ANY = "shelf", "by_any"
REINDEX, BY_REINDEX = "reindex", "by_reindex"
AGAIN = (REINDEX, "reindex_at")
_SEEN = (LISTED, "listed_in")
_WRITER_MS = 60_000  # whoever wrote the row does the rest within this time, or never will


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(Draft):
    """A product as its row has it. `image` is a blob's key or "", times are in milliseconds."""

    product: str
    deleted: bool
    image: str
    version: int
    created_at: int
    updated_at: int

    @property
    def seen(self) -> bool:
        """Whether customers see it."""
        return self.active and not self.deleted


@dataclass(frozen=True, slots=True)
class Products:
    """Some products by their ids. More may follow the id `cursor`, unless that is ""."""

    products: tuple[Product, ...]
    cursor: str


def product(row: Row) -> Product:
    """What this row says."""
    return Product(
        product=str(row["product"]),
        name=str(row["name"]),
        description=str(row["description"]),
        price=int(row["price"]),
        currency=str(row["currency"]),
        category=str(row["category"]),
        active=bool(row["active"]),
        deleted=bool(row["deleted"]),
        image=str(row["image"]),
        version=int(row["version"]),
        created_at=int(row["created_at"]),
        updated_at=int(row["updated_at"]),
    )


def product_row(an_id: str, products: Table) -> Row:
    """The row of a product. Raises NotFoundError and PortError."""
    row = products.get(key(an_id)) if is_id(an_id) else None
    if row is None:
        raise NotFoundError("there is no such product")
    return row


def key(an_id: str) -> Key:
    """The row's key."""
    return {"product": an_id}


def upload_of(image: str) -> str:
    """The upload that a picture came by, from its key; of "", ""."""
    return image.rpartition("/")[2]


def draft_columns(draft: Draft) -> dict[str, str | int]:
    """The columns of what an admin says."""
    return {
        "name": draft.name,
        "description": draft.description,
        "price": draft.price,
        "currency": draft.currency,
        "category": draft.category,
        "active": draft.active,
    }


def shown_columns(wanted: Product) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is set, and what is removed, for a product to stand in its lists or in none."""
    if not wanted.seen:
        return {}, _SEEN
    listed = {LISTED: LISTED}
    if not wanted.category:
        return listed, ("listed_in",)
    return listed | {"listed_in": category_key(wanted.category)}, ()


def wanted_words(wanted: Product) -> tuple[str, ...]:
    """The words by which it is to be found."""
    return words_of(wanted.name, wanted.category, wanted.description) if wanted.seen else ()


def again_columns(an_id: str, now_ms: int) -> dict[str, str]:
    """What has the sweep see to a product, if its writer does not."""
    return again_at(now_ms + _WRITER_MS) | {REINDEX: shard(REINDEX, an_id)}


def again_at(moment_ms: int) -> dict[str, str]:
    """What has the sweep, which sees to a product anyway, do so at this moment."""
    return {"reindex_at": first_id(moment_ms)}


def before(moment_ms: int) -> str:
    """What `reindex_at` is at most in the rows that the sweep is to see to by this moment."""
    return first_id(moment_ms)


def listed_texts(row: Row, column: str) -> list[str]:
    """The texts in a column that is a JSON list of them."""
    return list(json.loads(str(row[column])))


def as_list(texts: Iterable[str]) -> str:
    """Texts as such a column holds them."""
    return json.dumps(list(texts), ensure_ascii=False, separators=(",", ":"))


def after(cursor: str) -> Between | None:
    """Which ids follow this one; after "" all. Raises InvalidError for what is no id."""
    if not cursor:
        return None
    if not is_id(cursor):
        raise InvalidError("the cursor is not one of this list: begin without one", "cursor")
    return Between(low=f"{cursor}0")  # ids are all of one length
