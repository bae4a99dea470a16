"""What is deployed to Function Compute: a zip for each function, named after what is in it."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import folders
from infra.bundle import fingerprint
from infra.closure import SourceFile
from infra.local.places import Places
from infra.model import Platform
from infra.packages.archive import zip_of
from infra.packages.deployed import Code, deployed
from infra.packages.tools import Tools
from infra.settings_alicloud import Alicloud

HANDLER: Final = "shop_entry.handler"
"""What Function Compute calls: of handlers it documents only files at the top of a package."""

_ENTRY: Final = "shop_entry.py"


@dataclass(frozen=True, slots=True)
class Archive:
    """A function's package: a zip, and the digest of all that is in it."""

    file: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Built:
    """Each function's archive by its name, and what a preview tells of the packages' sizes."""

    code: Mapping[str, Archive]
    table: str


def packages(
    platform: Platform,
    settings: Alicloud,
    root: Path,
    *,
    offline: bool,
    tools: Tools | None = None,
) -> Built:
    """The archives of all functions, made where they do not stand yet.

    Raises Refused, as `deployed` does.
    """
    found = deployed(platform, "alicloud", settings.bytecode, root, offline=offline, tools=tools)
    kept = Places(root).state / "archives"
    archives = {name: archive(each, kept) for name, each in found.code.items()}
    return Built(archives, found.table)


def archive(code: Code, kept: Path) -> Archive:
    """The package in a zip of its own below `kept`, with the file that HANDLER names."""
    files = (*folders.read(code.folder), SourceFile(_ENTRY, _entry(code.handler)))
    digest = fingerprint(files)
    target = kept / f"{digest}.zip"
    if not target.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=kept)
        with os.fdopen(descriptor, "wb") as file:
            file.write(zip_of(files))
        Path(draft).replace(target)  # it appears whole, or not at all
    return Archive(target, digest)


def _entry(handler: str) -> bytes:
    module, _, name = handler.rpartition(".")
    return f"from {module} import {name} as handler\n".encode()
