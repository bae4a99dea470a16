"""`make rollback`: has a function on a cloud run an earlier version at once, past the engine.

Only the alias that everything calls is moved: settings and rights stay as they are now. The engine
does not see that, so it stays until a `make up` changes the function and publishes a new version.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra import shop
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT
from infra.cli.stated import Stated, stated, stated_with_region
from infra.errors import PlatformError
from infra.naming import nearest
from infra.versions import Version

Moved = tuple[Version, Version]
RollBack = Callable[[Stated, str, str, int | None], Moved]
"""Moves the alias of a stack's function, by the shop's name for it, to a version or the one before;
which one was live, and which one is now. Raises PlatformError."""


def on_aws(
    found: Stated,
    stack: str,
    function: str,
    wanted: int | None,
    connect: Callable[[str, str | None], Any] | None = None,
) -> Moved:
    """A RollBack; `connect` makes boto3's client for Lambda in a region, with a profile."""
    from infra.aws import rollback  # noqa: PLC0415 - one cloud's stack needs nothing of the other
    from infra.aws.names import Names  # noqa: PLC0415 - the same

    client = (connect or rollback.connect)(found.region, found.profile)
    return rollback.roll_back(client, Names(stack).of(function), wanted)


def on_alicloud(
    found: Stated,
    stack: str,
    function: str,
    wanted: int | None,
    connect: Callable[[str], Any] | None = None,
) -> Moved:
    """A RollBack; `connect` makes what asks Function Compute in a region."""
    from infra.alicloud import rollback  # noqa: PLC0415 - the same
    from infra.alicloud.names import Names  # noqa: PLC0415 - the same

    fc = (connect or rollback.connect)(found.region)
    return rollback.roll_back(fc, Names(stack, instance="").of(function), wanted)


ON: Final[Mapping[str, RollBack]] = {"aws": on_aws, "alicloud": on_alicloud}
"""What goes back, by the target."""


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    on: Mapping[str, RollBack] = ON,
) -> int:
    """The command."""
    made = parser("rollback", "Has a function on a cloud run an earlier version at once.")
    made.add_argument("--function", default="", help="which one, by its name in infra/shop.py")
    made.add_argument("--version", help="which version (default: the one before)")
    options = made.parse_args(arguments)

    def command() -> int:
        name = _function(options.function, options.stack)
        wanted = _number(options.version)
        roll_back = _of_target(root, options.stack, on)
        found = stated_with_region(root, options.stack)
        was, now = roll_back(found, options.stack, name, wanted)
        print(f"{name} ran version {was.number} ({was.published})")
        print(f"{name} runs version {now.number} ({now.published}) from now on")
        print(
            f"That stays until a make up STACK={options.stack} changes {name}; one that changes "
            "nothing there leaves it.\n"
            f"→ make rollback STACK={options.stack} FUNCTION={name} VERSION={was.number} goes back"
        )
        return 0

    return run_command(command)


def _of_target(root: Path, stack: str, on: Mapping[str, RollBack]) -> RollBack:
    target = LOCAL if stack == LOCAL else stated(root, stack).target
    if target not in on:
        raise PlatformError(
            f"stack {stack}: its target is {target or 'not stated'}, and only functions on a cloud "
            "have versions to go back to\n→ git revert and make up; or STACK=aws-…, "
            "STACK=alicloud-…"
        )
    return on[target]


def _function(name: str, stack: str) -> str:
    known = [function.name for function in shop.EVERY_FUNCTION]
    if name in known:
        return name
    near = nearest(name, known) if name else None
    reason = f"FUNCTION={name}: there is no such function" if name else "no FUNCTION was given"
    raise PlatformError(
        f"{reason}, so nothing was changed\n"
        f"→ make rollback STACK={stack} FUNCTION={near or '<one of ' + ', '.join(known) + '>'}"
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise PlatformError(
            f"VERSION={text}: versions are numbers from 1, so nothing was changed\n"
            "→ leave it out for the version before; a wrong number lists those there are"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
