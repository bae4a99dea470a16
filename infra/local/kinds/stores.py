"""Tables and buckets: folders below `.shop/data` that outlive everything which runs.

What is written into them is the functions' business. Here they are made, and kept: deleting one of
these resources deletes no data, and a table gets another key only where its rows may go.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.errors import PlatformError
from infra.local.kinds.kind import Named, Plain
from infra.local.places import Places, private_folder
from infra.local.runtime.specs import Rule, flag, text, text_lists, text_or_empty

_DECLARED = "declared.json"


class Table(Named):
    """One table: a folder, and in it which columns are its key."""

    rules: Mapping[str, Rule] = {
        "name": text,
        "partition": text,
        "sort": text_or_empty,
        "indexes": text_lists,
        "expiring": flag,
        "allow_replace": flag,
    }
    replacing = frozenset({"name"})

    def create(self, places: Places, inputs: Plain) -> None:
        """Make the folder, or take the one that stands.

        Raises PlatformError where rows stand under another key.
        """
        if (standing := standing_key(places, inputs["name"])) not in (None, key_of(inputs)):
            if not inputs["allow_replace"]:
                raise PlatformError(
                    f"table {inputs['name']}: its rows are kept by {spelled(*standing)}, so they "
                    f"cannot be kept by {spelled(*key_of(inputs))}; nothing of it was changed"
                )
            shutil.rmtree(places.data / "tables" / inputs["name"])
        _declare(places, "tables", inputs)

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What stands there."""
        found = _declared(places.data / "tables" / old["name"])
        return None if found is None else {**found, "allow_replace": old["allow_replace"]}

    def delete(self, places: Places, old: Plain) -> None:
        """Leave it as it is: `make reset` alone deletes data."""


class Bucket(Named):
    """One bucket: a folder."""

    rules: Mapping[str, Rule] = {"name": text}
    replacing = frozenset({"name"})

    def create(self, places: Places, inputs: Plain) -> None:
        """Make the folder, or take the one that stands."""
        _declare(places, "buckets", inputs)

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What stands there."""
        return _declared(places.data / "buckets" / old["name"])

    def delete(self, places: Places, old: Plain) -> None:
        """Leave it as it is: `make reset` alone deletes data."""


def standing_key(places: Places, table: str) -> tuple[str, str] | None:
    """The partition and sort columns (or "") that rows of this table are kept by, if any are."""
    folder = places.data / "tables" / table
    found = _declared(folder)
    return key_of(found) if found is not None and (folder / "rows.db").exists() else None


def key_of(inputs: Plain) -> tuple[str, str]:
    """A table's partition and sort columns."""
    return inputs["partition"], inputs["sort"]


def spelled(partition: str, sort: str) -> str:
    """A key in words."""
    return f"{partition} and {sort}" if sort else partition


def _declare(places: Places, kind: str, inputs: Plain) -> None:
    folder = places.data / kind / inputs["name"]
    for each in (places.state, places.data, folder.parent, folder):
        private_folder(each)
    kept = {name: value for name, value in inputs.items() if name != "allow_replace"}
    draft = folder / f"{_DECLARED}.draft"
    draft.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / _DECLARED)


def _declared(folder: Path) -> Plain | None:
    try:
        found: Plain = json.loads((folder / _DECLARED).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found
