"""`make letters`: the letters that the local shop has written down instead of sending them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.queue_look import plain
from infra.cli.stack import ROOT
from infra.cli.stated import stated
from infra.errors import PlatformError
from infra.local.places import Places

_MODULE = "app.adapters.local.kept_letters"
_ELSEWHERE = {
    "aws": "in DynamoDB's table shop-{stack}-letters, and stay for a week: "
    "aws dynamodb scan --table-name shop-{stack}-letters",
    "alicloud": "in the table letters of TableStore's instance, and stay for a week: its console's "
    "Query Data shows them",
}


def shown(letters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The letters for people, the newest last; what could steer a terminal is spelt out."""
    for each in letters:
        sent = datetime.fromtimestamp(each["sent_at"] / 1000, UTC)
        yield f"To: {plain(each['recipient'])}"
        yield f"Subject: {plain(each['subject'])}"
        yield f"Date: {sent:%Y-%m-%d %H:%M:%S} UTC"
        yield ""
        yield from (f"  {plain(line)}".rstrip() for line in each["text"].splitlines())
        yield ""
    if not letters:
        yield "No letter was written within the last week."


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    made = parser("letters", "Shows the letters that the local shop keeps, the newest last.")
    made.add_argument("--to", default="", metavar="ADDRESS", help="only those to this address")
    made.add_argument("--json", action="store_true", help="one JSON object a line, for programs")
    options = made.parse_args(arguments)

    def command() -> int:
        if options.stack != LOCAL:
            _refuse(root, options.stack)
        found = [each for each in kept(root) if options.to in ("", each["recipient"])]
        lines = map(json.dumps, found) if options.json else shown(found)
        for line in lines:
            print(line)
        return 0

    return run_command(command)


def kept(root: Path) -> list[dict[str, Any]]:
    """The letters of the shop in this folder, the oldest first. Raises PlatformError."""
    folder = Places(root).data / "tables" / "letters"
    ended = subprocess.run(
        [sys.executable, "-m", _MODULE, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise PlatformError(f"{folder}: the letters cannot be read\n{ended.stderr.rstrip()}")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def _refuse(root: Path, stack: str) -> None:
    where = _ELSEWHERE.get(stated(root, stack).target, "where that cloud keeps its tables")
    raise PlatformError(
        f"stack {stack}: only the local stack's letters are read here\n"
        "→ sent by smtp, they are with whom they went to; kept, they are "
        f"{where.format(stack=stack)}; or leave STACK out"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
