"""A product's picture: uploaded as any file is, looked at, then named by the product's row.

The bucket is public, but only its kept places are told to anyone. A picture that was uploaded and
never named is removed after a day; so it can be named for some hours less than that, and nobody
names what the sweep is removing.
"""

from dataclasses import replace

from app.domain.errors import ConflictError, InvalidError, NotFoundError
from app.domain.ids import is_id, made_ms
from app.domain.product import IMAGES
from app.domain.uploads import UNFINISHED_MS
from app.services.begin_upload import Begun, begin_upload
from app.services.edit_product import Edit, Stores, edit_product, edited
from app.services.fetch_upload import keep_upload
from app.services.product_rows import (
    Product,
    key,
    listed_texts,
    product,
    product_row,
    upload_of,
)

NAMED_MS = UNFINISHED_MS - 2 * 60 * 60 * 1000


def begin_image(an_id: str, content_type: str, size: int, *, stores: Stores) -> Begun:
    """Where to PUT a picture of this product.

    Raises InvalidError, NotFoundError, ConflictError for too many unfinished, and PortError.
    """
    if content_type not in IMAGES:
        raise InvalidError(f"the content type is one of {', '.join(IMAGES)}", "$.content_type")
    if product(product_row(an_id, stores.products)).deleted:
        raise ConflictError("the product was deleted")
    uploads, images = stores.uploads, stores.images
    return begin_upload(
        an_id, content_type, size, uploads=uploads, bucket=images, clock=stores.clock
    )


def set_image(an_id: str, version: int, upload: str, by: str, *, stores: Stores) -> Product:
    """Have the product show what was uploaded, or nothing for ""; the one before is removed.

    Raises NotFoundError, ConflictError where `version` is not the product's any more or the upload
    is not what was declared, is not there yet, or is too old, and PortError.
    """
    row = product_row(an_id, stores.products)
    was = product(row)
    if was.deleted:
        raise ConflictError("the product was deleted")
    if was.version != version:
        raise edited()
    image = _looked_at(an_id, upload, stores) if upload else ""
    if image == was.image:
        return was
    if upload in listed_texts(row, "dropped"):
        raise NotFoundError("there is no such upload")
    edit = Edit("picture", by, {"upload": upload}, upload_of(was.image))
    return edit_product(row, replace(was, image=image), edit, stores=stores)


def _looked_at(an_id: str, upload: str, stores: Stores) -> str:
    """The kept place of a picture that is as it was declared."""
    if is_id(upload) and made_ms(upload) + NAMED_MS < stores.clock.now_ms():
        row = stores.products.get(key(an_id))
        if row is None or upload_of(str(row["image"])) != upload:
            raise ConflictError("it was uploaded too long ago: upload it again")
    return keep_upload(an_id, upload, uploads=stores.uploads, bucket=stores.images).kept_place
