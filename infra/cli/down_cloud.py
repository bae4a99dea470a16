"""`make down` of a cloud's stack: it deletes no data unless that is asked for twice."""

import sys
from collections.abc import Callable, Sequence

from infra.cli import cloud_stack
from infra.cli.cloud_stack import Holder
from infra.cli.commands import Runner
from infra.cli.stack import Stack
from infra.errors import PlatformError

WITH_DATA = "--with-data"
YES = "--yes"


def down(
    stack: Stack,
    more: Sequence[str],
    runner: Runner,
    read_answer: Callable[[], str] | None = None,
) -> int:
    """Delete the stack's resources; the exit code. Raises PlatformError, and then did nothing.

    Tables and buckets withstand it unless `--with-data` is among `more`; then the stack's name has
    to be typed, unless `--yes` is there too. `read_answer` reads it; by default a terminal's line.
    """
    holders = cloud_stack.holders(stack, runner)
    if holders is None:
        print(f"There is no stack {stack.name} in its state: nothing is up.")
        return 0
    rest = [word for word in more if word != WITH_DATA]
    if not holders:
        code = stack.pulumi("destroy", *rest)
        if code and cloud_stack.unasked(rest):
            sys.stderr.write(
                "Without a terminal nobody can say yes to it.\n"
                f"→ make down STACK={stack.name} ARGS=--yes deletes without asking\n"
            )
        return _told(stack, code)
    refuse(stack.name, holders, with_data=WITH_DATA in more)
    if not (YES in more or _confirmed(stack.name, holders, read_answer)):
        print("Nothing was deleted.")
        return 1
    # Confirmed once: a second question would leave the data unprotected if it were answered no.
    words = [word for word in rest if word != YES]
    code = stack.pulumi("state", "unprotect", "--all", YES)
    code = code or stack.pulumi("destroy", YES, *words)
    if code:
        sys.stderr.write(
            "What is still there is no longer protected.\n"
            f"→ make up STACK={stack.name} protects it again; "
            f'make down STACK={stack.name} ARGS="{WITH_DATA}" goes on\n'
        )
    return _told(stack, code)


def _told(stack: Stack, code: int) -> int:
    if code == 0:  # the engine has just advised it
        print(
            f"`pulumi stack rm` is never needed: it would delete stacks/Pulumi.{stack.name}.yaml."
        )
    return code


def refuse(stack: str, holders: Sequence[Holder], *, with_data: bool) -> None:
    """Raise PlatformError where the data is not to be deleted, or the account would not let it."""
    if not with_data:
        raise PlatformError(
            f"stack {stack}: it holds data, so nothing was deleted:\n{listed(holders)}\n"
            f"→ make down STACK={stack} ARGS={WITH_DATA} deletes all that, for good; it asks first"
        )
    if locked := [each for each in holders if each.locked]:
        raise PlatformError(
            f"stack {stack}: the account itself holds its data fast, so nothing was deleted:\n"
            f"{listed(locked)}\n"
            f"→ write {locked[0].cloud}: {{deletion_protection: false}} under shop:settings in "
            f"stacks/Pulumi.{stack}.yaml, make up STACK={stack}, then this again"
        )


def listed(holders: Sequence[Holder]) -> str:
    """A line for each."""
    return "\n".join(f"  {each.kind:<7} {each.name}" for each in holders)


def _confirmed(
    stack: str, holders: Sequence[Holder], read_answer: Callable[[], str] | None
) -> bool:
    if read_answer is None:
        if not sys.stdin.isatty():
            raise PlatformError(
                "nobody can be asked here, so nothing was deleted\n"
                f'→ make down STACK={stack} ARGS="{WITH_DATA} {YES}" deletes without asking'
            )
        read_answer = sys.stdin.readline
    print(f"This would be deleted for good, with all else of the stack:\n{listed(holders)}")
    print(f"Type the stack's name ({stack}) to delete it: ", end="", flush=True)
    return read_answer().strip() == stack
