"""A product is sold no more: its row stays, for whoever refers to it, and its picture goes."""

from dataclasses import replace

from app.services.edit_product import Edit, Stores, edit_product
from app.services.product_rows import product, product_row, upload_of


def delete_product(an_id: str, by: str, *, stores: Stores) -> None:
    """Have it seen by no customer for good; `by` is the admin's user id.

    No error where it was deleted. Raises NotFoundError, ConflictError where it is edited at the
    same time, and PortError.
    """
    row = product_row(an_id, stores.products)
    was = product(row)
    if was.deleted:
        return
    wanted = replace(was, deleted=True, active=False, image="")
    edit = Edit("deleted", by, {}, upload_of(was.image))
    edit_product(row, wanted, edit, stores=stores)
