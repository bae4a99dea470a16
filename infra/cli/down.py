"""`make down`: stops what `make up` started, or deletes it from a cloud; data stays."""

import sys
from collections.abc import Sequence
from pathlib import Path

from infra.cli import down_cloud, leftovers
from infra.cli.commands import run
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT, Stack, backend, prepare
from infra.errors import PlatformError
from infra.local import launch
from infra.local.places import Places


def down(stack: Stack, more: Sequence[str]) -> int:
    """Run `pulumi destroy`; returns its exit code.

    On this machine the local cloud is ended even where the engine's state has lost sight of it, but
    never under another engine that is at work on it. Of a cloud's stack it deletes all but data.
    """
    if not stack.local:
        return down_cloud.down(stack, more, run)
    places = Places(stack.root)
    code = stack.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive", *more)
    if code and leftovers.locks(backend(stack.root)):
        return code  # it said whose lock that is
    end_processes(places)
    sys.stdout.write(
        "\nNothing runs any more; the data stays in .shop/data (make reset deletes it).\n"
        f"`pulumi stack rm` is never needed: it would delete stacks/Pulumi.{stack.name}.yaml.\n"
    )
    return code


def end_processes(places: Places) -> None:
    """End the local cloud, should it still run."""
    if launch.holder(places) is not None:
        launch.end(places)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    options, more = parser("down", "Stops a stack.").parse_known_args(arguments)

    def command() -> int:
        try:
            stack = prepare(options.stack, root)
        except PlatformError:
            if options.stack == LOCAL:
                end_processes(Places(root))  # stopping needs no engine
            raise
        return down(stack, more)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
