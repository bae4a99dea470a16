"""`make seed`: fills a shop with products, pictures, stock and promotions; again adds nothing.

The local shop lends it an admin. Elsewhere it takes the address as an option and an admin's token
from the environment: an argument would stand in the list of processes and in the shell's history.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from infra.cli.commands import Progress
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.lent_admin import lent_admin
from infra.cli.seed_goods import goods
from infra.cli.seeding import Filled, fill
from infra.cli.shop_http import Shop, checked
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local.places import Places

TOKEN = "SHOP_TOKEN"  # noqa: S105 - its name


def main(
    arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> int:
    """The command; `arguments` without the program's name."""
    made = parser("seed", "Fills a shop with products, pictures, stock and promotions.")
    made.allow_abbrev = False
    made.add_argument("--address", default="", help="of a shop elsewhere, as https://…")
    options = made.parse_args(arguments)

    def command() -> int:
        progress = Progress("seed")
        with _asked(options.stack, options.address, root, environment) as shop:
            print(said(fill(shop, goods(), progress.say), shop.address))
        return 0

    return run_command(command)


def said(filled: Filled, address: str) -> str:
    """What was done, for people."""
    return (
        f"{filled.products} products put in, {filled.products_there} were there; "
        f"{filled.promotions} promotions put in, {filled.promotions_there} were there.\n"
        f"  look:      {address}/products\n"
        f"  codes:     {', '.join(each.code for each in goods().promotions)}"
    )


def elsewhere(stack: str, address: str, environment: Mapping[str, str]) -> Shop:
    """A shop that does not run here. Raises PlatformError."""
    token = environment.get(TOKEN, "")
    if not address or not token:
        if address:
            missing = f"{TOKEN} was"
        else:
            missing = "its address was" if token else f"its address and {TOKEN} were"
        raise PlatformError(
            f"stack {stack}: {missing} not given, so nothing was put in. A shop elsewhere is "
            f"filled over HTTP by one of its admins, whose token stands in {TOKEN}\n"
            f"→ make admin STACK={stack} NAME=… makes one; log in (POST /sessions), export "
            f'{TOKEN}, then make seed STACK={stack} ARGS="--address https://…"'
        )
    return Shop(checked(address), token)


@contextmanager
def _asked(stack: str, address: str, root: Path, environment: Mapping[str, str]) -> Iterator[Shop]:
    if stack == LOCAL and not address:
        with lent_admin(Places(root)) as lent:
            yield lent
        return
    with closing(elsewhere(stack, address, environment)) as shop:
        yield shop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
