"""Stock rows: those of the table `stock`, by product, and of `promotions`, by code.

available   pieces, or uses, that are left
v0…v7, k0…k7, o0…o7  the slots' versions, kinds and owners: see `app.domain.slots`

A promotion's row has other columns too. No stock row is ever deleted.
"""

from app.domain.order import Claim
from app.domain.slots import SLOTS, Change, Slot, Stock, fresh
from app.ports.errors import ConditionFailedError
from app.ports.tables import Condition, Key, Row, Table
from app.services.saga import Saga


def new_row(product: str, available: int = 0) -> Row:
    """The row of a product that is new."""
    return {"product": product, **fresh(available)}


def make(product: str, *, stock: Table) -> None:
    """See that the product has a row; a new one has no pieces. Raises PortError."""
    try:
        stock.put(new_row(product), if_absent=True)
    except ConditionFailedError:
        return  # it has


def read_stock(row: Row) -> Stock:
    """What this row says."""
    return Stock(
        int(row["available"]),
        tuple(
            Slot(number, int(row[f"v{number}"]), row[f"k{number}"], str(row[f"o{number}"]))  # type: ignore[arg-type]
            for number in range(SLOTS)
        ),
    )


def look(claim: Claim, saga: Saga) -> Stock | None:
    """The row that a claim is on, as it is now. Raises PortError."""
    row = table_of(claim, saga).get(_key(claim))
    return None if row is None else read_stock(row)


def write(claim: Claim, change: Change, saga: Saga) -> None:
    """Make one change of the row that a claim is on. Raises ConditionFailedError and PortError."""
    table_of(claim, saga).update(
        _key(claim),
        set=change.set,
        add=change.add,
        when=[Condition(*each) for each in change.when],
    )


def table_of(claim: Claim, saga: Saga) -> Table:
    """The table that has the row."""
    return saga.stock if claim.table == "stock" else saga.promotions


def _key(claim: Claim) -> Key:
    return {"product" if claim.table == "stock" else "code": claim.key}
