"""The oldest rows of a partition that is spread over shards."""

from app.domain.shards import shards
from app.ports.tables import Between, Row, Table


def oldest(
    table: Table, partition: str, *, index: str, sort: str, until: str, most: int
) -> list[Row]:
    """The first `most` rows of the index by the column `sort`, none past `until`.

    Raises PortError.
    """
    due = Between(high=until)
    rows: list[Row] = []
    for shard in shards(partition):
        rows += table.query(shard, sort=due, index=index, limit=most).rows
    return sorted(rows, key=lambda row: str(row[sort]))[:most]
