"""`make reset`: deletes what the local shop has stored, and asks first.

It ends the local cloud itself rather than refuse while it runs: a process that keeps a deleted file
open would go on acknowledging what nobody can read any more, and whoever wants an empty shop would
only be sent to `make down` for it. The engine is not needed: `make up` finds the tables missing and
makes them anew.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.cli import leftovers
from infra.cli.console import only_local, parser, run_command
from infra.cli.down import end_processes
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT, backend
from infra.errors import PlatformError
from infra.local.places import Places

_ASIDE = "deleted-"


@dataclass(frozen=True, slots=True)
class Stored:
    """One thing that would be deleted, and how many bytes it has."""

    kind: str
    name: str
    size: int


def stored(folder: Path) -> list[Stored]:
    """What a data folder holds: tables, buckets, queues; no more is looked at than sizes."""
    found: dict[tuple[str, str], int] = {}
    for kind in _children(folder):
        if kind.is_symlink() or not kind.is_dir():
            found["file", kind.name] = _size(kind)
            continue
        for each in _children(kind):
            # SQLite keeps up to three files for a queue
            name = each.name.partition(".db")[0] if kind.name == "queues" else each.name
            key = (kind.name.removesuffix("s"), name)
            found[key] = found.get(key, 0) + _size(each)
    return [Stored(kind, name, size) for (kind, name), size in sorted(found.items())]


def aside(places: Places, *folders: Path) -> None:
    """Take folders out of the shop's sight, each at once and whole. Raises PlatformError."""
    for folder in folders:
        try:
            folder.rename(places.state / f"{_ASIDE}{secrets.token_hex(8)}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise PlatformError(
                f"{folder}: cannot be moved aside ({error.strerror}), so it was not deleted\n"
                f"→ give yourself the right to: chmod u+rwx '{places.state}'"
            ) from error


def finish(places: Places) -> int:
    """Delete what was put aside, now or by a call that was interrupted; how many folders.

    Raises PlatformError.
    """
    found = [each for each in _children(places.state) if each.name.startswith(_ASIDE)]
    for each in found:
        shutil.rmtree(each, ignore_errors=True)  # another call may be at it, too
        if each.exists():
            raise PlatformError(
                f"{each}: was deleted in part only\n"
                f"→ give yourself the right to (chmod -R u+rwx '{each}'), then make reset again"
            )
    return len(found)


def reset(
    places: Places,
    confirmed: Callable[[], bool],
    say: Callable[[str], object],
    *,
    with_secrets: bool = False,
) -> bool:
    """Empty the shop if that is confirmed; whether it is empty now. Raises PlatformError.

    The data goes first: without the secrets the shop is as after a plain reset, but data whose keys
    are gone would be in nobody's hands.
    """
    if finish(places):
        say("Finished what an earlier reset had begun.")
    folders = [places.data, *([places.secrets] if with_secrets else [])]
    _check_links(folders)
    found = stored(places.data)
    if with_secrets:
        names = [each for each in _children(places.secrets) if not each.name.startswith(".")]
        found += [Stored("secret", each.name, _size(each)) for each in names]
    if not any(os.path.lexists(each) for each in folders):
        say("There is nothing to delete: the shop is empty.")
        return True
    say(f"This would be deleted for good, from {places.state}:")
    for each in found:
        say(f"  {each.kind:<7} {each.name:<24} {_amount(each.size)}")
    if not found:
        say("  empty folders only")
    if not with_secrets:
        say("Secrets stay (ARGS=--secrets deletes them, too).")
    if not confirmed():
        say("Nothing was deleted.")
        return False
    _check_engine(places)
    end_processes(places)
    aside(places, *folders)
    finish(places)
    say("Deleted. `make up` brings an empty shop up.")
    return True


def _check_links(folders: Iterable[Path]) -> None:
    """Raise PlatformError for a link: moving that aside would leave the data where it is."""
    for folder in folders:
        if folder.is_symlink():
            raise PlatformError(
                f"{folder}: is a link, so nothing was deleted: what it leads to may be another's\n"
                "→ remove the link, and what it leads to if that is the shop's"
            )


def _check_engine(places: Places) -> None:
    """Raise PlatformError while an engine works on the stack: it makes what is deleted here."""
    state = backend(places.root)
    stale = leftovers.stale_locks(state, leftovers.is_engine)
    if set(leftovers.locks(state)) - set(stale):
        raise PlatformError(
            "the engine is at work on this stack, so nothing was deleted\n"
            "→ wait until `make up` or `make down` has ended, then make reset again"
        )


def _children(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise PlatformError(
            f"{folder}: cannot be read ({error.strerror}), so nothing was deleted\n"
            f"→ give yourself the right to: chmod u+rwx '{folder}'"
        ) from error


def _size(path: Path) -> int:
    """The bytes of a file or of all below a folder; links are not followed."""
    if path.is_symlink() or not path.is_dir():
        try:
            return path.lstat().st_size
        except FileNotFoundError:
            return 0  # SQLite removes files of its own when the last one closes
    return sum(_size(each) for each in _children(path))


def _amount(size: int) -> str:
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    made = parser("reset", "Stops the local shop and deletes what it has stored.")
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument("--secrets", action="store_true", help="delete the secrets, too")
    options = made.parse_args(arguments)

    def confirmed() -> bool:
        if options.yes:
            return True
        if not sys.stdin.isatty():
            raise PlatformError(
                "nobody can be asked here, so nothing was deleted\n"
                "→ make reset ARGS=--yes deletes without asking"
            )
        print(f"Type the stack's name ({LOCAL}) to stop it and delete this: ", end="", flush=True)
        return sys.stdin.readline().strip() == LOCAL

    def command() -> int:
        only_local(
            options.stack,
            "data can be reset",
            f"make down STACK={options.stack} ARGS=--with-data deletes a cloud's, with all else",
        )
        done = reset(Places(root), confirmed, print, with_secrets=options.secrets)
        return 0 if done else 1

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
