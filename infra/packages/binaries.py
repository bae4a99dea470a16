"""Whether a compiled library is one that a runtime can load, read from the file itself.

An installer takes what a wheel's name promises; a wrong promise would show when the first request
comes, so each file is looked at.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from infra.packages.runtime import Runtime

_ELF: Final = b"\x7fELF"
_ELF_64: Final = 2
_ELF_MACHINES: Final[Mapping[int, str]] = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64",
                                           243: "riscv64"}  # fmt: skip
_MACH_O: Final = b"\xcf\xfa\xed\xfe"
_MACH_O_FAT: Final = b"\xca\xfe\xba\xbe"
_MACH_O_MACHINES: Final[Mapping[int, str]] = {0x01000007: "x86_64", 0x0100000C: "arm64"}
_TAGGED: Final = re.compile(r"\.cpython-(?P<version>\d+[a-z]*)-(?P<platform>[^.]+)\.so$")
_ENDINGS: Final = re.compile(r"\.(so(\.\d+)*|dylib|pyd|dll)$")
_HEADER: Final = 20


def mismatch(path: str, content: bytes, runtime: Runtime) -> str:
    """Why the runtime cannot load the file, or "" where it can or the file is no such library."""
    made_for = _made_for(content[:_HEADER])
    if not made_for:
        named = _ENDINGS.search(PurePosixPath(path).name)
        return f"no library that {runtime.system} can load" if named else ""
    if made_for not in {f"{runtime.system} {runtime.machine}", f"{runtime.system} any"}:
        return f"made for {made_for}"
    tag = _TAGGED.search(path)
    return _other_tag(tag["version"], tag["platform"], runtime) if tag else ""


def _other_tag(version: str, platform: str, runtime: Runtime) -> str:
    """Why Python would not even look at a file with these tags in its name."""
    if version != runtime.python.replace(".", ""):
        return f"made for CPython {version}"
    if runtime.system == "linux" and platform != f"{runtime.machine}-linux-gnu":
        return f"made for {platform}"
    return ""


def _made_for(header: bytes) -> str:
    """The system and machine of a compiled file, as `linux aarch64`; "" for any other file."""
    if len(header) == _HEADER and header.startswith(_ELF):
        order = "little" if header[5] == 1 else "big"
        number = int.from_bytes(header[18:20], order)  # type: ignore[arg-type]
        bits = "" if header[4] == _ELF_64 else " (32 bit)"
        return f"linux {_ELF_MACHINES.get(number, f'machine {number}')}{bits}"
    if header.startswith(_MACH_O):
        number = int.from_bytes(header[4:8], "little")
        return f"darwin {_MACH_O_MACHINES.get(number, f'machine {number}')}"
    if header.startswith(_MACH_O_FAT):
        return "darwin any"
    return "windows" if header.startswith(b"MZ") and b"\0" in header else ""
