"""A picture that no product has any more is removed, and its upload with it.

The row is fenced first, as the sweep of uploads does it; it stays while the sweep has yet to empty
the place where its URL writes.
"""

from contextlib import suppress

from app.domain.uploads import DOOMED, KEPT, kept_place
from app.ports.blobs import Bucket
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Table
from app.services.upload_rows import Upload

_KEPT = Condition("state", "=", KEPT)
_DOOMED = Condition("state", "=", DOOMED)


def is_shown(kept: Upload, products: Table) -> bool:
    """Whether the product that a picture was uploaded for shows it. Raises PortError."""
    row = products.get({"product": kept.owner})
    return row is not None and row["image"] == kept.kept_place


def drop_image(product: str, upload: str, *, uploads: Table, images: Bucket) -> None:
    """Remove the picture of this upload; no error when it is gone. Raises PortError."""
    key = {"owner": product, "upload": upload}
    with suppress(ConditionFailedError):  # somebody was here before
        uploads.update(key, set={"state": DOOMED}, when=[_KEPT])
    images.delete(kept_place(product, upload))
    row = uploads.get(key)
    if row is None or "pending" in row:
        return
    with suppress(ConditionFailedError):  # somebody was faster
        uploads.delete(key, when=[_DOOMED])
