"""Writes the API's document and its page beside the function that serves them.

python -m infra.cli.openapi            write them
python -m infra.cli.openapi --check    say, by exit code 1, when one is not current

routes of infra/shop.py + what the handlers of app/ state → OpenAPI 3.1 → app/handlers/docs.json
→ app/handlers/docs.html
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from infra import shop
from infra.cli.openapi_document import document
from infra.cli.openapi_page import page
from infra.cli.openapi_sources import read
from infra.errors import PlatformError

_ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = _ROOT / "app" / "handlers"
_DESCRIPTION: Final = (
    "Bodies are JSON of at most 256 KB; times are UTC. What goes wrong is told as problem details "
    "(RFC 9457) with the request's id.\n\n"
    "Where the function itself gives no answer the cloud's gateway does, each in its own words: "
    "the examples of those answers tell them apart."
)


def api_document() -> dict[str, Any]:
    """The OpenAPI document of this checkout. Raises Refused where routes and handlers differ."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = {"title": "Shop", "version": project["version"], "description": _DESCRIPTION}
    return document(read(shop.FUNCTIONS, shop.ROUTES), about)


def texts(made: dict[str, Any]) -> dict[str, str]:
    """Each file's name and its whole text."""
    whole = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    return {"docs.json": whole, "docs.html": page(made)}


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write the files into `folder`, or with `--check` compare; the exit code."""
    if arguments not in ([], ["--check"]):
        print(f"unknown: {' '.join(arguments)}; use no argument or --check", file=sys.stderr)
        return 2
    try:
        current = texts(api_document())
    except PlatformError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [name for name, text in current.items() if _held(folder / name) != text]
    if arguments and stale:
        print(
            f"{' and '.join(stale)}: not what the routes and handlers say, so readers would be "
            "misled: run make openapi",
            file=sys.stderr,
        )
        return 1
    for name in stale:
        (folder / name).write_text(current[name], encoding="utf-8")
    return 0


def _held(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
