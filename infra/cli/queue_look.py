"""`make queue`: what is in the local cloud's queues; dead messages delivered anew, or removed."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.cli.columns import aligned
from infra.cli.console import only_local, parser, run_command
from infra.cli.elsewhere import QUEUES, elsewhere
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local.client import ask
from infra.local.places import Places

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
_HEADS = ("queue", "waiting", "in flight", "dead", "oldest")


def listing(queues: Mapping[str, Mapping[str, Any]], now_ms: int) -> str:
    """All queues as a table for people: their counts, and how long the oldest message is there."""
    rows = [_HEADS, *(_row(name, each, now_ms) for name, each in queues.items())]
    lines = aligned(rows)
    lines += [f"{name}: {each['error']}" for name, each in queues.items() if "error" in each]
    return "\n".join(lines) if queues else "The local cloud has no queue."


def dead_ones(name: str, queue: Mapping[str, Any], now_ms: int) -> str:
    """The dead messages of a queue for people, the last one first; "" when there are none."""
    shown = queue["messages"]
    if not shown:
        return ""
    lines = ["", "dead messages, the last one first:"]
    for each in shown:
        tried = f"{each['attempts']} attempt{'s' if each['attempts'] != 1 else ''}"
        lines.append(
            f"  {each['id']}  {tried}, dead for {age(now_ms - each['dead_ms'])}: {each['reason']}"
        )
        lines.append(f"    {plain(each['body'])}{_rest(each)}")
    if (more := queue["dead"] - len(shown)) > 0:
        lines.append(f"  and {more} more")
    lines.append(
        f'→ make queue ARGS="{name} --redrive" delivers all of them anew, '
        f'ARGS="{name} --redrive ID" one'
    )
    return "\n".join(lines)


def age(ms: int) -> str:
    """So many milliseconds, roughly: 12 s, 5 min, 3 h, 2 d."""
    seconds = max(ms, 0) // 1000
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def plain(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def moved(verb: str, name: str, done: Mapping[str, Any]) -> str:
    """What became of dead messages, for people."""
    count = done["count"]
    lines = [f"{count} message{'s' if count != 1 else ''} of {name} {verb}"]
    if not count and not done["missing"]:
        lines = [f"{name} has no dead message, so nothing was changed"]
    lines += [f"{each}: is no dead message of {name}" for each in done["missing"]]
    return "\n".join(lines)


def _row(name: str, queue: Mapping[str, Any], now_ms: int) -> tuple[str, ...]:
    if "error" in queue:
        return (name, "?", "?", "?", "?")
    oldest = queue["oldest_ms"]
    counts = (str(queue[key]) for key in ("waiting", "in_flight", "dead"))
    return (name, *counts, "-" if oldest is None else age(now_ms - oldest))


def _rest(message: Mapping[str, Any]) -> str:
    hidden = message["bytes"] - len(message["body"].encode())
    return f"… ({message['bytes']:,} bytes)" if hidden > 0 else ""


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    read_answer: Callable[[], str] | None = None,
) -> int:
    """The command; `arguments` without the program's name.

    `read_answer` reads the user's answer to a question; by default a terminal's line.
    """
    options = _parse(arguments)
    places = Places(root)

    def command() -> int:
        _refuse(options, root)
        if options.redrive is not None:
            done = _of_dead(places, "redrive_queue", options.name, options.redrive)
            return _told(done, moved("will be delivered anew", options.name, done), options)
        if options.purge is not None:
            if not _confirmed(options, places, read_answer):
                print("Nothing was removed.")
                return 1
            done = _of_dead(places, "purge_queue", options.name, options.purge)
            return _told(done, moved("removed for good", options.name, done), options)
        found = ask(places, "look_queue", name=options.name)
        now_ms = time.time_ns() // 1_000_000
        text = listing(found, now_ms)
        if options.name is not None:
            text += "\n" + dead_ones(options.name, found[options.name], now_ms)
        return _told(found, text.rstrip("\n"), options)

    return run_command(command)


def _of_dead(places: Places, do: str, name: str, ids: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = ask(places, do, name=name, ids=list(ids) or None)
    return found


def _told(found: Mapping[str, Any], text: str, options: argparse.Namespace) -> int:
    """Print it as was asked for; 1 where something named was not there."""
    print(json.dumps(found, ensure_ascii=False) if options.json else text)
    return 1 if options.changing and found["missing"] else 0


def _confirmed(
    options: argparse.Namespace, places: Places, read_answer: Callable[[], str] | None
) -> bool:
    if options.yes:
        return True
    if read_answer is None:
        if not sys.stdin.isatty():
            raise PlatformError(
                "nobody can be asked here, so nothing was removed\n"
                f'→ make queue ARGS="{options.name} --purge --yes" removes without asking'
            )
        read_answer = sys.stdin.readline
    dead = ask(places, "look_queue", name=options.name)[options.name]["dead"]
    what = f"{len(options.purge)} named" if options.purge else f"all {dead}"
    sys.stderr.write(f"Remove {what} dead messages of {options.name} for good? [y/N] ")
    sys.stderr.flush()
    return read_answer().strip().lower() in {"y", "yes"}


def _refuse(options: argparse.Namespace, root: Path) -> None:
    only_local(
        options.stack,
        "queues are on this machine",
        elsewhere(root, options.stack, QUEUES),
    )
    if options.changing and options.name is None:
        raise PlatformError(
            "which queue's dead messages are meant is not said, so nothing was changed\n"
            '→ name the queue first: make queue ARGS="welcome --redrive"'
        )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    made = parser("queue_look", "Shows the local cloud's queues, and moves dead messages.")
    made.add_argument("name", nargs="?", help="one queue, its dead messages too (default: all)")
    which = made.add_mutually_exclusive_group()
    for option, text in (
        ("--redrive", "deliver dead messages anew: all, or those of these ids"),
        ("--purge", "remove dead messages for good: all, or those of these ids; asks first"),
    ):
        which.add_argument(option, nargs="*", metavar="ID", help=text)
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument("--json", action="store_true", help="for programs; times in epoch ms")
    found = made.parse_args(arguments)
    found.changing = found.redrive is not None or found.purge is not None
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
