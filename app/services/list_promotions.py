"""Promotions, one or all of them, for admins."""

from app.domain.errors import NotFoundError
from app.domain.promotion import folded
from app.ports.tables import Table
from app.services.promotion_rows import BY_ANY, SHELF, Promotion, promotion
from app.services.shelves import Listed, across


def get_promotion(code: str, *, promotions: Table) -> Promotion:
    """The promotion of a code in its one spelling. Raises NotFoundError and PortError."""
    row = promotions.get({"code": code})
    if row is None:
        raise NotFoundError("there is no such promotion")
    return promotion(row)


def list_promotions(limit: int, after: str, *, promotions: Table) -> Listed[Promotion]:
    """Up to `limit` promotions by their codes, from behind the code `after` on.

    A new one may be missing for a moment: the index lags. Raises InvalidError where `after` is no
    code, and PortError.
    """
    if after:
        after = folded(after, "cursor")
    listed = across(promotions, SHELF, index=BY_ANY, sort="code", after=after, limit=limit)
    return Listed(tuple(promotion(row) for row in listed.items), listed.after)
