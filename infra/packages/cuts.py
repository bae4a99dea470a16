"""What is left out of a library, since nothing in app/ uses it.

Each entry has its counterpart in app/, which does without: an adapter that is tested in an
environment that lacks the very same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What one distribution runs without: distributions it asks for, and folders of its own.

    Another library that asks for such a distribution gets it.
    """

    without: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()


CUTS: Final[Mapping[str, Cut]] = {
    # app/adapters/alicloud/oss.py: it encrypts in the client, which nobody here does
    "alibabacloud-oss-v2": Cut(without=frozenset({"pycryptodome"})),
    # app/adapters/alicloud/sdk.py: aiohttp serves its other client, crc32c and numpy time series,
    # future Python 2; the folders hold what is there in Python as well, in C++ for CPython 3.12 on
    # Linux, and in C for macOS too
    "tablestore": Cut(
        without=frozenset({"aiohttp", "crc32c", "future", "numpy"}),
        folders=("tablestore/native/", "tablestore/ots_sdk/"),
    ),
}
_FOLDERS: Final = tuple(folder for cut in CUTS.values() for folder in cut.folders)


def does_without(distribution: str, wanted: str) -> bool:
    """Whether a distribution runs without one that it asks for."""
    return distribution in CUTS and wanted in CUTS[distribution].without


def left_out(path: str) -> bool:
    """Whether a library's file is one of those that are left out."""
    return path.startswith(_FOLDERS)
