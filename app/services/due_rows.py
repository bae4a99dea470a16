"""The rows of the table `due`: the sweep's list of what is on its way.

shard       a shard of "due", by what the row is of
at          when it was put (13 digits of UTC epoch milliseconds), "#", and the owner
owner       "order:<order>"; of one of its refunds "order:<order>/<its key's digest>", so that two
            of the same moment have a row each; or "adjust:<product>/<adjustment>"
principal, body  of the order or adjustment, in case it was never put

A row is put before what it is of, so that nothing open is unknown to the sweep, and removed when
that is closed. More than one for the same owner does no harm.
"""

from dataclasses import dataclass

from app.domain.shards import shard, shards
from app.ports.tables import Between, Key, Row, Table

DUE = "due"
ORDER = "order:"
ADJUST = "adjust:"


@dataclass(frozen=True, slots=True)
class Due:
    """One row; `put_ms` is when it was put."""

    owner: str
    put_ms: int
    principal: str = ""
    body: str = ""

    @property
    def key(self) -> Key:
        """The row's key."""
        return {"shard": shard(DUE, self.owner), "at": f"{self.put_ms:013d}#{self.owner}"}


def order_of(owner: str) -> str:
    """The order that an owner is, or is of."""
    return owner.removeprefix(ORDER).partition("/")[0]


def put_due(owed: Due, *, due: Table) -> None:
    """Have the sweep see to it. Raises PortError."""
    due.put({**owed.key, "owner": owed.owner, "principal": owed.principal, "body": owed.body})


def remove_due(owed: Due, *, due: Table) -> None:
    """Take it off the list. Raises PortError."""
    due.delete(owed.key)


def due_by(moment_ms: int, most: int, *, due: Table) -> list[Due]:
    """The first `most` of each shard that were put by this moment, oldest first.

    Raises PortError.
    """
    until = Between(high=f"{max(moment_ms, 0):013d}~")
    found = [
        _read(row) for each in shards(DUE) for row in due.query(each, sort=until, limit=most).rows
    ]
    return sorted(found, key=lambda owed: owed.put_ms)


def _read(row: Row) -> Due:
    return Due(
        owner=str(row["owner"]),
        put_ms=int(str(row["at"])[:13]),
        principal=str(row["principal"]),
        body=str(row["body"]),
    )
