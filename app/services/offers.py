"""What is sold now, and at what price: read from the products themselves, never from an index."""

from collections.abc import Iterable

from app.domain.ids import is_id
from app.domain.pricing import Offer
from app.ports.tables import Row, Table


def offers(wanted: Iterable[str], *, products: Table) -> dict[str, Offer]:
    """The offers of those of these products that are sold, by id. Raises PortError."""
    known = [each for each in dict.fromkeys(wanted) if is_id(each)]
    found = {each: products.get({"product": each}) for each in known}
    return {each: _offer(row) for each, row in found.items() if row is not None and _sold(row)}


def _sold(row: Row) -> bool:
    return bool(row["active"]) and not row["deleted"]


def _offer(row: Row) -> Offer:
    return Offer(
        product=str(row["product"]),
        name=str(row["name"]),
        price=int(row["price"]),
        currency=str(row["currency"]),
    )
