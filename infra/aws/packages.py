"""What is deployed to Lambda."""

from pathlib import Path

from infra.model import Platform
from infra.packages.deployed import Built, deployed
from infra.packages.tools import Tools
from infra.settings_aws import Aws


def packages(
    platform: Platform,
    settings: Aws,
    root: Path,
    *,
    offline: bool,
    tools: Tools | None = None,
) -> Built:
    """The packages of all functions; Lambda's own zip is the engine's to make.

    Raises Refused, as `deployed` does.
    """
    return deployed(platform, "aws", settings.bytecode, root, offline=offline, tools=tools)
