"""What is deployed to Function Compute: a zip for each function, named after what is in it."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra import folders
from infra.bundle import fingerprint
from infra.closure import SourceFile
from infra.errors import Problem, Refused
from infra.local.places import Places
from infra.model import Platform
from infra.packages.archive import zip_of
from infra.packages.deployed import Code, deployed
from infra.packages.tools import Tools
from infra.settings_alicloud import Alicloud

HANDLER: Final = "shop_entry.handler"
"""What Function Compute calls: of handlers it documents only files at the top of a package."""

_ENTRY: Final = "shop_entry.py"
_MOST: Final = 100_000_000
# the regions that take 500: help/en/functioncompute/fc/product-overview/limits-of-usage
_WIDE: Final = frozenset(
    {
        "ap-northeast-1", "ap-southeast-1", "cn-beijing", "cn-hangzhou", "cn-hongkong",
        "cn-huhehaote", "cn-shanghai", "cn-shenzhen", "cn-zhangjiakou", "eu-central-1", "us-east-1",
    }
)  # fmt: skip


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
    region: str,
    *,
    offline: bool,
    tools: Tools | None = None,
) -> Built:
    """The archives of all functions, made where they do not stand yet.

    Raises Refused, as `deployed` does, and for those that the region takes no more.
    """
    found = deployed(platform, "alicloud", settings.bytecode, root, offline=offline, tools=tools)
    kept = Places(root).state / "archives"
    archives = {name: archive(each, kept) for name, each in found.code.items()}
    sizes = {name: each.file.stat().st_size for name, each in archives.items()}
    if problems := list(_too_large(sizes, region)):
        raise Refused("packages", problems)
    return Built(archives, found.table)


def _too_large(sizes: Mapping[str, int], region: str) -> Iterator[Problem]:
    """Archives of more bytes than are taken there; `sizes` are by their functions."""
    for name, bytes_of in sizes.items():
        if bytes_of > _MOST and region not in _WIDE:
            yield Problem(
                f"functions.{name}",
                f"a package of {bytes_of:,} bytes, zipped",
                f"Function Compute takes {_MOST:,} in {region}",
                "take a library out, or choose a larger region, as ap-southeast-1 or eu-central-1",
            )


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
