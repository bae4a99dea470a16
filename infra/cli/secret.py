"""`make secret`: writes a secret into the stack's own store, and never shows one.

The value comes from standard input or is made here: an argument would stand in the list of
processes and in the shell's history.
"""

import argparse
import os
import select
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from infra import shop, shop_letters
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.secret_change import Wanted, change, described
from infra.cli.stack import ROOT
from infra.cli.stated import stated, stated_with_region
from infra.errors import PlatformError
from infra.local.places import Places
from infra.local.secret_files import SecretFiles
from infra.naming import is_hyphened, nearest
from infra.secret_store import SECRET_BYTES, Kept, SecretStore
from infra.shop_payments import PARTS
from infra.shop_payments import granted as granted_with

OWN = ("storage-key",)
"""What the local cloud itself keeps: it signs the addresses of uploads and downloads."""

_DAY_S = 86_400


def listed(kept: Collection[Kept], now: float) -> Iterator[str]:
    """A line for each secret: its name, how many keys it has, how old it is; no value."""
    for each in kept:
        yield f"{each.name:<24}  {described(each):<12}  {_age(now - each.written)} old"


def _age(seconds: float) -> str:
    for unit, name in ((_DAY_S, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"


def warning(name: str, granted: Collection[str]) -> str | None:
    """What to tell of a name that nothing will read; None where something will."""
    if name in granted:
        return None
    near = nearest(name, granted)
    meant = f"did you mean {near}?" if near else "add one in infra/shop.py."
    return f"warning: no grant names the secret {name}, so no function may read it: {meant}"


def given(descriptor: int, say: Callable[[str], object], silent_s: float = 2.0) -> bytes | None:
    """What standard input holds; None for a terminal, /dev/null, or when it is closed."""
    try:
        kind = os.fstat(descriptor).st_mode
    except OSError:
        return None
    if stat.S_ISCHR(kind):
        return None
    if not select.select([descriptor], [], [], silent_s)[0]:
        say("reading the value from standard input until it ends; < /dev/null gives none")
    data = b""
    # one byte more than is taken, with its newline, tells that there is too much
    while len(data) <= SECRET_BYTES + 2 and (more := os.read(descriptor, 4096)):
        data += more
    return data


def granted() -> list[str]:
    """The secrets that some function may read, whoever takes the money and carries letters."""
    paid = [granted_with(shop.GRANTS, kind) for kind in PARTS]
    all_of_them = [shop_letters.granted(grants, by) for grants in paid for by in shop_letters.NEEDS]
    return sorted(
        {
            name
            for grants in all_of_them
            for each in grants.values()
            for kind, name, _ in each
            if kind == "secret"
        }
    )


def store_of(stack: str, root: Path) -> SecretStore:
    """Where the stack keeps its secrets. Raises PlatformError for one that has no store."""
    if stack == LOCAL:
        return SecretFiles(Places(root))
    target = stated(root, stack).target
    if target == "aws":
        from infra.aws import secret_store  # noqa: PLC0415 - the local stack needs none of it

        found = stated_with_region(root, stack)
        connect = partial(secret_store.connect, found.region, found.profile)
        return secret_store.SecretsManager(stack, found.region, connect)
    if target == "alicloud":
        from infra.alicloud.secret_store import SecretParameters  # noqa: PLC0415 - the same

        return SecretParameters(stack, stated_with_region(root, stack).region)
    raise PlatformError(
        f"stack {stack}: its target is {target or 'not stated'}, whose secrets this version does "
        "not keep, so nothing was read or written\n→ write it with the provider's own tool"
    )


def main(arguments: Sequence[str], root: Path = ROOT, stdin: int = 0) -> int:
    """The command; `arguments` without the program's name, `stdin` a file descriptor."""
    made = parser(
        "secret", "Makes a secret at random, or writes what standard input gives; never shows one."
    )
    made.allow_abbrev = False
    made.exit_on_error = False  # argparse's own words would be those that --random=… was given
    made.add_argument("--name", default="", help="which one (lower-case-with-hyphens)")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--random", action="store_true", help="a random one, even if there is one")
    how.add_argument("--rotate", action="store_true", help="a new key, the last one still good")
    how.add_argument("--list", action="store_true", help="names, keys and ages; no values")
    try:
        options, more = made.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        if "explicit argument" not in error.message:
            made.error(str(error))
        options, more = made.parse_args([]), ["a value"]
    return run_command(lambda: _run(options, len(more), root, stdin))


def _run(options: Any, unknown: int, root: Path, stdin: int) -> int:
    if unknown:
        # not one word of them: they may be the secret
        raise PlatformError(
            "a value is never taken as an argument, nor is an unknown option: if it was a value, "
            "the shell's history and the list of processes have it now\n→ choose another then, and "
            "give it on standard input: make secret NAME=… < file (ARGS=--help lists the options)"
        )
    store = store_of(options.stack, root)
    if options.list:
        for line in listed(store.kept(), time.time()):
            print(line)
        return 0
    if not options.name:
        raise PlatformError(
            "no NAME was given, so it is not known which secret is meant\n"
            "→ make secret NAME=token-key (ARGS=--list lists those there are)"
        )
    if not is_hyphened(options.name):
        raise PlatformError(
            f"NAME={options.name}: not every cloud's secret store takes this name\n"
            "→ use lower-case letters and digits, a letter first, words joined by hyphens: "
            "make secret NAME=token-key (ARGS=--list lists those there are)"
        )
    known = [*granted(), *(OWN if options.stack == LOCAL else ())]
    if warned := warning(options.name, known):
        print(warned, file=sys.stderr)
    value = None if options.random or options.rotate else given(stdin, _to_stderr)
    wanted = Wanted(options.name, value, options.random, options.rotate, options.stack)
    change(store, wanted, print)
    return 0


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
