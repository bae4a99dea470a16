"""`make preview`: what `make up` would change; it changes nothing."""

import sys
from collections.abc import Sequence

from infra.cli.console import parser, run_command
from infra.cli.stack import Stack, prepare


def preview(stack: Stack, more: Sequence[str]) -> int:
    """Run `pulumi preview`; returns its exit code. The local stack is compared with what runs."""
    refresh = ("--refresh",) if stack.local else ()
    return stack.pulumi("preview", "--non-interactive", *refresh, *more)


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    options, more = parser("preview", "Shows what up would change.").parse_known_args(arguments)
    return run_command(lambda: preview(prepare(options.stack), more))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
