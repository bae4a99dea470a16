"""A product's words become rows that a query finds; what is left over of an edit goes.

The write of a product states which words it wants, adds them to those that may have been written,
and has the sweep see to it; only then are rows of words written and removed. So whatever dies in
between, the sweep goes on from what the product's row says.

It does not take the list back to the wanted words at once: somebody who still works by an earlier
reading of the row may put or remove rows after us. No function runs for as long as `QUIET_MS`. When
that has passed since the words changed, the sweep does it all once more, and then the list is true.
A product whose words never changed had no earlier reading, and is done with at once.
"""

from app.domain.product import category_key
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Row, Table
from app.services.drop_image import drop_image
from app.services.oldest import oldest
from app.services.one_by_one import one_by_one
from app.services.product_rows import (
    AGAIN,
    BY_REINDEX,
    REINDEX,
    again_at,
    as_list,
    before,
    key,
    listed_texts,
)

QUIET_MS = 20 * 60 * 1000  # no cloud's function here runs longer than fifteen minutes
A_RUN = 100


def index_words(row: Row, *, words: Table) -> None:
    """Have the table of words as the product's row wants it. Raises PortError."""
    an_id, wanted = str(row["product"]), listed_texts(row, "words")
    for each in sorted({*listed_texts(row, "written")} - {*wanted}):
        words.delete({"word": each, "product": an_id})
    one = {
        "product": an_id,
        "words": " ".join(wanted),
        "category": category_key(str(row["category"])),
    }
    for each in wanted:
        words.put({"word": each, **one})


def finish(
    row: Row,
    *,
    products: Table,
    words: Table | None,
    uploads: Table,
    images: Bucket,
    clock: Clock,
) -> None:
    """Do what the product's row says is left to do, and have it say so. Raises PortError.

    Without `words`, that is known to be nothing about its words.
    """
    an_id = str(row["product"])
    if words is not None:
        index_words(row, words=words)
    for each in listed_texts(row, "dropped"):
        drop_image(an_id, each, uploads=uploads, images=images)
    worded_at = int(row["worded_at"])
    quiet = worded_at + QUIET_MS <= clock.now_ms() or worded_at == row["created_at"]
    done: dict[str, str] = {"dropped": as_list([])}
    done |= {"written": str(row["words"])} if quiet else again_at(worded_at + QUIET_MS)
    same = [Condition(name, "=", row[name]) for name in ("worded_at", "dropped")]
    try:
        products.update(key(an_id), set=done, remove=AGAIN if quiet else (), when=same)
    except ConditionFailedError:
        return  # it was edited meanwhile, and whoever did that sees to it


def reindex_products(
    *, products: Table, words: Table, uploads: Table, images: Bucket, clock: Clock
) -> int:
    """Finish what edits left to do, the oldest first, a hundred a run; how many products.

    Raises SomeFailedError as `one_by_one` does, and PortError.
    """

    def again(seen: Row) -> int:
        row = products.get(key(str(seen["product"])))  # the index lags
        if row is None or REINDEX not in row or str(row["reindex_at"]) > until:
            return 0
        finish(row, products=products, words=words, uploads=uploads, images=images, clock=clock)
        return 1

    until = before(clock.now_ms())
    rows = oldest(products, REINDEX, index=BY_REINDEX, sort="reindex_at", until=until, most=A_RUN)
    return one_by_one("reindex", rows, again)
