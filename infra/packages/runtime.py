"""The interpreters that packages are made for, and what each of them brings along.

PackageError is what everything here refuses with: a BundleError, since a function's code could not
be put together.
"""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.errors import Problem
from infra.model import Provider
from infra.sources import BundleError

# version → the modules of the standard library that went with it
_REMOVED: Final[Mapping[tuple[int, int], str]] = {
    (3, 12): "asynchat asyncore distutils imp smtpd",
    (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib "
    "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib",
}


class PackageError(BundleError):
    """A function's package cannot be built; nothing was deployed."""

    def __init__(self, path: str, value: str, consequence: str, remedy: str) -> None:
        super().__init__(Problem(path, value, consequence, remedy))


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What runs a function: `python` as `3.13`, `machine` as `aarch64`, `system` as `linux`.

    `platform` is uv's name for it, None for this machine's own. `ships` are the topmost modules
    that the runtime has without being given them, `extra` the extra of pyproject.toml whose
    packages a function may import beside the dependencies, `limit_mb` what may be unpacked there.
    """

    title: str
    python: str
    machine: str
    platform: str | None
    system: str = "linux"
    ships: frozenset[str] = frozenset()
    extra: str = ""
    limit_mb: int = 250

    @property
    def numbers(self) -> tuple[int, int]:
        """The version for comparing: (3, 13)."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def stdlib(self) -> frozenset[str]:
        """The topmost modules of its standard library, as far as this interpreter knows them."""
        gone = {
            name
            for version, names in _REMOVED.items()
            if self.numbers >= version
            for name in names.split()
        }
        return sys.stdlib_module_names - gone


# Amazon Linux 2023 has glibc 2.34, so that wheels for 2.28 and older run there.
LAMBDA: Final = Runtime(
    title="AWS Lambda, Python 3.13 on arm64",
    python="3.13",
    machine="aarch64",
    platform="aarch64-manylinux_2_28",
    ships=frozenset(
        {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"},
    ),
    extra="aws",
)  # fmt: skip
# Debian 11 has glibc 2.31. What else the runtime has is as old as it is: packages bring their own.
# It would take 500 MB, of the 512 MB that an instance has as its disk.
FUNCTION_COMPUTE: Final = Runtime(
    title="Function Compute, Python 3.12 on x86_64",
    python="3.12",
    machine="x86_64",
    platform="x86_64-manylinux_2_28",
    extra="alicloud",
)
RUNTIMES: Final[Mapping[Provider, Runtime]] = {"aws": LAMBDA, "alicloud": FUNCTION_COMPUTE}


def host(like: Runtime) -> Runtime:
    """This machine and the interpreter that runs this, with what `like` ships and allows."""
    return Runtime(
        title=f"this machine, Python {sys.version_info.major}.{sys.version_info.minor}",
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        machine=platform.machine(),
        platform=None,
        system=sys.platform,
        ships=like.ships,
        extra=like.extra,
        limit_mb=like.limit_mb,
    )
