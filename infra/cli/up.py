"""`make up`: brings a stack up, asks the local one whether it answers, and prints its address."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

from infra.cli import cloud_stack
from infra.cli.console import parser, run_command
from infra.cli.shop_http import Shop
from infra.cli.stack import ROOT, Stack, prepare
from infra.errors import PlatformError
from infra.granted import VARIABLES
from infra.local.client import ask
from infra.local.places import Places


def up(stack: Stack, more: Sequence[str]) -> int:
    """Run `pulumi up`; returns its exit code. Raises PlatformError.

    The local stack is refreshed first, so that processes that died since are brought back. On a
    cloud the engine shows its plan and asks, unless `--yes` is among `more`.
    """
    if not stack.local:
        from infra.cli import up_cloud  # noqa: PLC0415 - it reads the shop, which takes its time

        return up_cloud.up(stack, more)
    code = stack.pulumi("up", "--refresh", "--yes", "--skip-preview", "--non-interactive", *more)
    if code == 0:
        described = ask(Places(stack.root), "describe")
        address = f"http://127.0.0.1:{described['gateway']['port']}"
        _check_answers(address)
        sys.stdout.write(
            f"\nThe shop answers at {address}\n"
            f"  try it:    curl {address}/health\n"
            f"  read it:   {address}/docs\n"
            "  fill it:   make seed        buy something: make tour\n"
            "  its log:   make logs        stop it: make down\n"
            + "".join(
                f"No value yet: {name}. → make secret NAME={name} < file\n"
                for name in not_given(described["functions"])
            )
        )
    return code


def _check_answers(address: str) -> None:
    """Raises PlatformError where the shop at this address does not answer, or by its failure."""
    with closing(Shop(address)) as shop:
        answer = shop.ask("GET", "/health")
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformError(
            f"the shop is up at {address}, but /health was answered by {answer.status}: "
            f"{answer.detail}\n→ make logs shows why"
        )


def not_given(functions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The secrets that somebody else gives and that are not there; `functions` as they run."""
    stated = [
        json.loads(each["environment"].get(VARIABLES["secret"], "{}"))
        for each in functions.values()
    ]
    files = {
        name: Path(each["at"]) for one in stated for name, each in one.items() if each.get("given")
    }
    return sorted(name for name, file in files.items() if not file.exists())


def main(
    arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> int:
    """The command; `arguments` without the program's name, `environment` the caller's."""
    made = parser("up", "Brings a stack up.")
    made.add_argument("--offline", action="store_true", help="refused: that is for a preview")
    options, more = made.parse_known_args(arguments)

    def command() -> int:
        if options.offline:
            raise PlatformError(
                "OFFLINE=1: nothing can be brought up without an account, so nothing was changed\n"
                f"→ make preview STACK={options.stack} OFFLINE=1 shows the plan; or leave it out"
            )
        cloud_stack.check_keys(root, options.stack, environment)
        return up(prepare(options.stack, root), more)

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
