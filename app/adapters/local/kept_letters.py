"""The letters that a table on this machine keeps, all of them: what `make letters` shows.

python -m app.adapters.local.kept_letters FOLDER prints one JSON object a line, the newest last.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.adapters.local.database import Database
from app.adapters.local.tables import SCHEMA, decode

_ALL = "SELECT row FROM rows WHERE expires_at > ?"


def kept(folder: Path, now_s: float) -> list[dict[str, Any]]:
    """The rows of the table in this folder, by when they were sent; none where there is no table.

    Raises UnavailableError.
    """
    file = folder / "rows.db"
    if not file.exists():
        return []
    database = Database(file, SCHEMA, "normal")
    try:
        rows = [decode(row) for (row,) in database.fetch(_ALL, (int(now_s),))]
    finally:
        database.close()
    return sorted(rows, key=lambda row: (row["sent_at"], row["letter"]))


def lines(folder: Path, now_s: float) -> Iterator[str]:
    """The same as lines of JSON."""
    for row in kept(folder, now_s):
        yield json.dumps(row)


if __name__ == "__main__":
    for each in lines(Path(sys.argv[1]), time.time()):
        sys.stdout.write(f"{each}\n")
