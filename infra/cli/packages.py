"""Builds the packages of all functions for some clouds and prints how large they are.

python -m infra.cli.packages aws                    fetch what they need, and build
python -m infra.cli.packages aws --offline          the same without the network
python -m infra.cli.packages aws --bytecode required

Afterwards a preview of these clouds' stacks needs no network for them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra import shop
from infra.bundle import Bundle
from infra.bundles import bundles
from infra.cli.console import run_command
from infra.model import Platform, Provider
from infra.packages.build import build
from infra.packages.bytecode import Bytecode
from infra.packages.runtime import RUNTIMES
from infra.packages.sizes import sizes, table
from infra.packages.tools import Tools, this_machine

_ROOT = Path(__file__).resolve().parents[2]


def code(root: Path, cloud: Provider) -> dict[str, Bundle]:
    """The code of every function of the shop for a cloud, by name. Raises Refused."""
    whole = Platform(
        stack=cloud,
        functions=shop.FUNCTIONS,
        routes=shop.ROUTES,
        queues=shop.QUEUES,
        schedules=shop.SCHEDULES,
    )
    return bundles(root, whole, cloud, cloud)


def fetch(
    clouds: Sequence[Provider],
    tools: Tools,
    bytecode: Bytecode,
    *,
    offline: bool = False,
    root: Path = _ROOT,
) -> int:
    """Build every package and print the table; the exit code. Raises PlatformError."""
    for cloud in clouds:
        runtime = RUNTIMES[cloud]
        built = build(root, code(root, cloud), runtime, tools, bytecode=bytecode, offline=offline)
        print(f"{runtime.title}:\n{table(sizes(built.values(), zipped=True))}")
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    parser = argparse.ArgumentParser(prog="python -m infra.cli.packages", description=__doc__)
    parser.add_argument("clouds", nargs="+", choices=sorted(RUNTIMES), help="aws")
    parser.add_argument("--bytecode", choices=("none", "required"), default="none")
    parser.add_argument("--offline", action="store_true", help="ask no network")
    given = parser.parse_args(arguments)
    return run_command(
        lambda: fetch(given.clouds, this_machine(), given.bytecode, offline=given.offline)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
