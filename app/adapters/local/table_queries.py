"""What a query of a local table is in SQL."""

_ROWS = "SELECT sort, row FROM rows WHERE partition = ?"
_ENTRIES = (
    "SELECT sort, row_partition, row_sort, row FROM entries WHERE number ="
    " (SELECT number FROM indexes WHERE name = ? AND partition_column = ? AND sort_column = ?)"
    " AND from_ms <= ? AND (until_ms IS NULL OR until_ms > ?) AND partition = ?"
)


def selection(
    partition: str,
    within: tuple[str, str | None],
    index: tuple[str, tuple[str, str | None], int] | None,
    after: tuple[str, ...] | None,
    *,
    descending: bool,
) -> tuple[str, list[str | int]]:
    """A statement that selects positions with their rows, and its values.

    `within` is from one sort key, included, to another, excluded; `index` the name and columns
    of one, and the milliseconds at which it is looked at; `after` the position of the last row of
    the page before.
    """
    place = ("sort",) if index is None else ("sort", "row_partition", "row_sort")
    beyond, way = ("<", "DESC") if descending else (">", "ASC")
    statement: str = _ROWS
    values: list[str | int] = [partition]
    if index is not None:
        name, columns, now_ms = index
        statement = _ENTRIES
        values = [name, columns[0], columns[1] or "", now_ms, now_ms, partition]
    # one bound for each side: with two, the looser one is searched by, and late pages are slow
    low, end = within
    if after is None or descending or after[0] < low:
        statement += " AND sort >= ?"
        values.append(low)
    if end is not None and (after is None or not descending or after[0] >= end):
        statement += " AND sort < ?"
        values.append(end)
    if after is not None:
        statement += f" AND ({', '.join(place)}) {beyond} ({', '.join('?' * len(place))})"
        values += after
    return f"{statement} ORDER BY {', '.join(f'{column} {way}' for column in place)}", values
