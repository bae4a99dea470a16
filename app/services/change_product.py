"""What is said of a product changes, if it is still as the admin saw it."""

from dataclasses import fields, replace

from app.domain.errors import ConflictError
from app.domain.product import Draft, checked
from app.services.edit_product import Edit, Stores, edit_product, edited
from app.services.product_rows import Product, product, product_row

_LONG = "description"  # the audit trail tells that it changed, and not from what to what


def change_product(an_id: str, version: int, draft: Draft, by: str, *, stores: Stores) -> Product:
    """Have it say this; `by` is the admin's user id. The product as it is then.

    Raises InvalidError, NotFoundError, ConflictError where `version` is not its version any more or
    it was deleted, and PortError.
    """
    given = checked(draft)
    row = product_row(an_id, stores.products)
    was = product(row)
    if was.deleted:
        raise ConflictError("the product was deleted")
    if was.version != version:
        raise edited()
    values = {each.name: getattr(given, each.name) for each in fields(Draft)}
    wanted = replace(was, **values)
    more = {
        name: "changed" if name == _LONG else [getattr(was, name), value]
        for name, value in values.items()
        if value != getattr(was, name)
    }
    return edit_product(row, wanted, Edit("changed", by, more), stores=stores)
