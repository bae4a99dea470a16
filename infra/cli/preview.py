"""`make preview`: what `make up` would change; it changes nothing."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.cli import cloud_stack, plugins
from infra.cli.commands import run
from infra.cli.console import parser, run_command
from infra.cli.offline import offline
from infra.cli.stack import ROOT, Stack, prepare
from infra.cli.stated import stated


def preview(stack: Stack, more: Sequence[str]) -> int:
    """Run `pulumi preview`; returns its exit code. The local stack is compared with what runs."""
    if stack.local:
        return stack.pulumi("preview", "--non-interactive", "--refresh", *more)
    if cloud_stack.ensure(stack, run):
        print(cloud_stack.made(stack), flush=True)
    return stack.pulumi("preview", "--non-interactive", *more)


def preview_offline(stack: Stack, more: Sequence[str]) -> int:
    """The same for a cloud's stack that nothing is known of but its file. Raises PlatformError."""
    if stack.local:
        return preview(stack, more)  # it needs no account as it is
    found = stated(stack.root, stack.name)
    target = plugins.target_of(stack.name, found)
    plugins.require(stack.name, target, plugins.wanted(target), stack.env)
    with offline(stack, found.content, run, target) as (alone, words):
        return alone.pulumi("preview", "--non-interactive", *words, *more)


def main(
    arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> int:
    """The command; `arguments` without the program's name, `environment` the caller's."""
    made = parser("preview", "Shows what up would change.")
    made.add_argument("--offline", action="store_true", help="without an account or a network")
    options, more = made.parse_known_args(arguments)

    def command() -> int:
        if options.offline:
            return preview_offline(prepare(options.stack, root), more)
        cloud_stack.check_keys(root, options.stack, environment)
        return preview(prepare(options.stack, root), more)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
