"""What is deployed to a cloud: a folder for each function, and a table of their sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.bundles import bundles
from infra.model import Platform, Provider
from infra.packages.build import build
from infra.packages.bytecode import Bytecode
from infra.packages.runtime import RUNTIMES
from infra.packages.sizes import sizes, table
from infra.packages.tools import Tools, this_machine


@dataclass(frozen=True, slots=True)
class Code:
    """A function's package: a folder with just what it needs, and what the cloud calls in it."""

    folder: Path
    handler: str


@dataclass(frozen=True, slots=True)
class Built:
    """Each function's package by its name, and what a preview tells of their sizes."""

    code: Mapping[str, Code]
    table: str


def deployed(
    platform: Platform,
    cloud: Provider,
    bytecode: Bytecode,
    root: Path,
    *,
    offline: bool,
    tools: Tools | None = None,
) -> Built:
    """The packages of all functions, built where they do not stand yet.

    `root` is the folder that holds app/; the stores' adapters are those of the `cloud`. `offline`,
    libraries come from uv's cache alone. They are built with this machine's `tools` unless others
    are given. Raises Refused with every function whose code or libraries are missing, or that is
    too large.
    """
    found = build(
        root,
        bundles(root, platform, cloud, cloud),
        RUNTIMES[cloud],
        tools or this_machine(),
        bytecode=bytecode,
        offline=offline,
        fetch=f"make fetch STACK={platform.stack}",
    )
    code = {name: Code(each.folder, each.handler) for name, each in found.items()}
    return Built(code, table(sizes(found.values())))
