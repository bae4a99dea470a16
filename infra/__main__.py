"""The program that `pulumi` runs: settings → platform, limits → target → outputs, one way."""

import sys
from pathlib import Path

import pulumi

# This clone's code, even where the environment was made for another one.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra import settings, shop
from infra.check import check
from infra.demanded import demanded, unheld
from infra.errors import PlatformError
from infra.limited import told

# With any other exit code the engine adds "an unhandled error occurred" to what was said.
ALREADY_SAID = 32


def main(root: Path) -> None:
    """Declare the stack that Pulumi runs. Raises PlatformError, before anything is declared."""
    stack = pulumi.get_stack()
    stated = settings.read(shop.NAMES)
    found = demanded(shop.platform(stated, stack), stated, root)
    platform = found.platform
    source = f"infra/shop.py with stacks/Pulumi.{stack}.yaml"
    check(platform, stated.provider, source, local=stated.target == "local")
    if found.limits and pulumi.runtime.is_dry_run():
        pulumi.log.info(told(found.limits, unheld(stated)))
    match stated.target:  # a target is imported where it is meant: each has packages of its own
        case "local":
            from infra.local import stack as local  # noqa: PLC0415

            outputs = local.declare(platform, stated, root, source)
        case "aws":
            from infra.aws import stack as aws  # noqa: PLC0415

            outputs = aws.declare(platform, stated, root, source)
        case "alicloud":
            from infra.alicloud import stack as alicloud  # noqa: PLC0415

            outputs = alicloud.declare(platform, stated, root, source)
    for name, value in outputs.items():
        pulumi.export(name, value)


if __name__ == "__main__":
    try:
        main(Path(__file__).resolve().parents[1])
    except PlatformError as error:
        pulumi.log.error(str(error))
        sys.exit(ALREADY_SAID)
