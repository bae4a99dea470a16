"""`make admin`: has a user be an admin, and registers him first where nobody has the name.

There is no default password: it is typed twice, comes on standard input, or is made at random and
printed once. An argument would stand in the list of processes and in the shell's history.

Names are first come, first served, so whoever has this one may be anybody: a password given for it
is refused, and without one the operator is shown since when he is registered, and asked.
"""

import getpass
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.operating import Ask, operator
from infra.cli.secret import given
from infra.cli.stack import ROOT
from infra.errors import PlatformError

_RANDOM_BYTES = 15  # 20 characters: more than anybody guesses, and few enough to type
_SAID: Mapping[str, str] = {
    "registered": "{name} is registered, and an admin.",
    "promoted": "{name} is an admin now, with the password as it is.",
    "is one": "{name} is an admin already; nothing was changed.",
    "admin": "{name} is an admin already; nothing was changed.",
    "revoked": "{name} is no admin any more, from the next request on.",
    "was none": "{name} is no admin; nothing was changed.",
}


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    stdin: int = 0,
    read: Callable[[str], str] = getpass.getpass,
    confirm: Callable[[str], str] = input,
) -> int:
    """The command; `stdin` is a file descriptor.

    `read` reads what is typed and not shown, `confirm` what is shown.
    """
    made = parser("admin", "Has a user be an admin; one who is not there is registered.")
    made.allow_abbrev = False
    made.add_argument("--name", default="", help="the user's name")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--random", action="store_true", help="a random password, printed once")
    how.add_argument("--yes", action="store_true", help="promote the customer of this name unasked")
    how.add_argument("--revoke", action="store_true", help="an admin no more")
    options = made.parse_args(arguments)

    def command() -> int:
        if not options.name:
            raise PlatformError(
                "no NAME was given, so it is not known who is meant\n"
                f"→ {_command(options)}shopkeeper"
            )
        ask = operator(root, options.stack)
        print(_done(ask, options, stdin, read, confirm))
        return 0

    return run_command(command)


def _done(
    ask: Ask,
    options: Any,
    stdin: int,
    read: Callable[[str], str],
    confirm: Callable[[str], str],
) -> str:
    """What became of it, in words. Raises PlatformError."""
    name = options.name
    if options.revoke:
        done = ask({"do": "revoke admin", "username": name})["done"]
        if done == "unknown":
            raise PlatformError(f"there is no user {name}, so nothing was changed")
        return _SAID[done].format(name=name)
    there = ask({"do": "look", "username": name})
    if there["done"] == "admin":
        return _SAID["admin"].format(name=name)
    if there["done"] != "unknown":
        return _promoted(ask, there, options, stdin, confirm)
    if options.yes:
        raise PlatformError(f"there is no user {name} to promote, so nothing was changed")
    password = (
        secrets.token_urlsafe(_RANDOM_BYTES) if options.random else _password(options, stdin, read)
    )
    done = ask({"do": "make admin", "username": name, "password": password})["done"]
    if done == "taken":
        raise PlatformError(f"somebody took the name {name} just now, so nothing was changed")
    said = _SAID[done].format(name=name)
    if options.random and done == "registered":
        said += f"\nThe password, shown this once: {password}"
    return said


def _promoted(
    ask: Ask,
    there: Mapping[str, str],
    options: Any,
    stdin: int,
    confirm: Callable[[str], str],
) -> str:
    """Promote the customer who has the name, if that is what is wanted. Raises PlatformError."""
    name = options.name
    known = f"a customer has the name {name} since {there['since']}"
    again = f"{_command(options)} without a password asks whether to promote him"
    if not options.yes:
        if options.random or given(stdin, _to_stderr):
            raise PlatformError(
                f"{known}: the password would not be his, so nothing was changed\n"
                f"→ take another NAME, or {again}"
            )
        if not _is_terminal(stdin):
            raise PlatformError(
                f"{known}, and nobody can be asked here whether he is meant, so nothing was "
                f"changed\n→ take another NAME, or {_command(options)} ARGS=--yes promotes him"
            )
        if confirm(f"{known}. Make him an admin? (yes/no) ").strip().lower() != "yes":
            raise PlatformError("nothing was changed")
    done = ask({"do": "promote", "username": name, "user": there["user"]})["done"]
    if done == "unknown":
        raise PlatformError(f"{name} is another user now, so nothing was changed\n→ try again")
    return _SAID[done].format(name=name)


def _password(options: Any, stdin: int, read: Callable[[str], str]) -> str:
    """What is typed twice, or stands on standard input. Raises PlatformError."""
    data = given(stdin, _to_stderr)
    if data:
        try:
            return data.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise PlatformError("the password is no UTF-8 text, so nothing was changed") from None
    if not _is_terminal(stdin):
        raise PlatformError(
            f"nobody has the name {options.name} yet, and nobody can be asked for a password here, "
            f"so nothing was changed\n→ {_command(options)} ARGS=--random makes one, < file takes "
            "one"
        )
    print(f"{options.name} is new.", file=sys.stderr)
    first = read("Password (8 characters or more; it is not shown): ")
    if read("The same again: ") != first:
        raise PlatformError("the two are not the same, so nothing was changed\n→ try again")
    return first


def _command(options: Any) -> str:
    stack = "" if options.stack == LOCAL else f"STACK={options.stack} "
    return f"make admin {stack}NAME={options.name}"


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _to_stderr(text: str) -> None:
    print(text.replace("the value", "the password"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
