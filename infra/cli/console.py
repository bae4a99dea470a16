"""How a command of ours ends: an exit code, and what went wrong in plain words."""

import argparse
import sys
from collections.abc import Callable

from infra.cli.environment import LOCAL
from infra.errors import PlatformError

INTERRUPTED = 130


def only_local(stack: str, what: str, elsewhere: str) -> None:
    """Raise PlatformError for another stack; `elsewhere` is what to do there, if anything."""
    if stack != LOCAL:
        instead = f"{elsewhere}; or leave STACK out" if elsewhere else "leave STACK out"
        raise PlatformError(f"stack {stack}: only the local stack's {what}\n→ {instead}")


def run_command(command: Callable[[], int]) -> int:
    """The command's exit code; what its user can mend is printed, without a stack trace."""
    try:
        return command()
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough


def parser(module: str, description: str) -> argparse.ArgumentParser:
    """A parser that knows `--stack`."""
    made = argparse.ArgumentParser(
        prog=f"python -m infra.cli.{module}",
        description=description,
        epilog='By make: STACK=… is --stack, all else goes into ARGS="…".',
    )
    made.add_argument("--stack", default=LOCAL, help="the stack (default: local)")
    return made
