"""`make tour`: somebody buys something in the shop on this machine, step by step.

Each step shows what is asked and answered, and checks it; the first one that goes otherwise ends
the tour with an exit code that says so. The pieces go back on the shelf at the end.
"""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from infra.cli import tour_steps as steps
from infra.cli.console import only_local, parser, run_command
from infra.cli.lent_admin import lent_admin, local_address
from infra.cli.letters import kept
from infra.cli.seed_goods import goods
from infra.cli.seeding import fill
from infra.cli.shop_http import Shop
from infra.cli.stack import ROOT
from infra.cli.tour_guide import Guide
from infra.local.client import ask
from infra.local.places import Places


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """The command; `arguments` without the program's name."""
    options = parser("tour", "Buys something in the local shop, and shows how.").parse_args(
        arguments
    )

    def command() -> int:
        only_local(
            options.stack,
            "payments are made up, and its letters and admins are at hand",
            "the same requests work there: /docs lists them",
        )
        return _tour(root)

    return run_command(command)


def _tour(root: Path) -> int:
    places = Places(root)
    guide = Guide()
    with closing(Shop(local_address(ask(places, "describe")))) as guest:
        guide.write(f"A tour of the shop at {guest.address}")
        if not guest.expect(200, "GET", "/products?limit=1")["products"]:
            _seed(places, guide)
        visit = steps.Visit(guide, guest, lambda to: _letters(root, to))
        for step in (
            steps.browse,
            steps.fill_cart,
            steps.log_in,
            steps.use_promotion,
            steps.check_out,
            steps.pay,
        ):
            step(visit)
        with closing(visit.user):
            with lent_admin(places) as admin:
                steps.refund(visit, admin)
            guide.begin("Log out")
            guide.answer(visit.user, 204, "DELETE /sessions/current")
    guide.write("\nAll of it went as it should.")
    return 0


def _seed(places: Places, guide: Guide) -> None:
    guide.begin("The shelves are empty: fill them (make seed)")
    with lent_admin(places) as shop:
        fill(shop, goods(), guide.tell)


def _letters(root: Path, to: str) -> list[Any]:
    return [each for each in kept(root) if each["recipient"] == to]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
