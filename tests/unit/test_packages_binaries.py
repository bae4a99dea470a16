"""A compiled file is packed only where the runtime can load it."""

import dataclasses
import struct
import sys
import sysconfig
from pathlib import Path

import pytest

from infra.packages.binaries import mismatch
from infra.packages.contents import needed
from infra.packages.runtime import LAMBDA, Runtime, host

X86 = dataclasses.replace(LAMBDA, python="3.12", machine="x86_64", platform="x86_64-manylinux_2_28")
MAC = dataclasses.replace(LAMBDA, machine="arm64", system="darwin", platform=None)


def elf(machine: int, *, bits: int = 2, order: int = 1) -> bytes:
    number = struct.pack("<H" if order == 1 else ">H", machine)
    return b"\x7fELF" + bytes([bits, order]) + b"\1" + bytes(9) + b"\3\0" + number + bytes(40)


def mach_o(machine: int) -> bytes:
    return b"\xcf\xfa\xed\xfe" + struct.pack("<I", machine) + bytes(40)


@pytest.mark.parametrize(
    ("path", "content", "runtime"),
    [
        ("a/_core.cpython-313-aarch64-linux-gnu.so", elf(183), LAMBDA),
        ("a/_ffi.abi3.so", elf(183), LAMBDA),
        ("a.libs/libz-1234.so.1", elf(183), LAMBDA),
        ("a/_core.cpython-312-x86_64-linux-gnu.so", elf(62), X86),
        ("a/_core.cpython-313-darwin.so", mach_o(0x0100000C), MAC),
        ("a/_core.abi3.so", b"\xca\xfe\xba\xbe" + bytes(40), MAC),
        ("a/text.py", b"import os", LAMBDA),
        ("a/empty.py", b"", LAMBDA),
        ("a/MZ.txt", b"MZ is how it begins, and it is text", LAMBDA),
    ],
)
def test_what_the_runtime_can_load_is_taken(path: str, content: bytes, runtime: Runtime) -> None:
    assert mismatch(path, content, runtime) == ""


@pytest.mark.parametrize(
    ("path", "content", "runtime", "words"),
    [
        ("a/_core.cpython-313-aarch64-linux-gnu.so", elf(62), LAMBDA, "linux x86_64"),
        ("a/_core.so", elf(183), X86, "linux aarch64"),
        ("a/_core.so", elf(183, bits=1), LAMBDA, "32 bit"),
        ("a/_core.so", elf(183, order=2), X86, "linux aarch64"),
        ("a/_core.so", elf(999), LAMBDA, "machine 999"),
        ("a/_core.cpython-312-aarch64-linux-gnu.so", elf(183), LAMBDA, "CPython 312"),
        ("a/_core.cpython-313t-aarch64-linux-gnu.so", elf(183), LAMBDA, "CPython 313t"),
        ("a/_core.cpython-313-aarch64-linux-musl.so", elf(183), LAMBDA, "linux-musl"),
        ("a/_core.so", mach_o(0x0100000C), LAMBDA, "darwin arm64"),
        ("a/_core.so", mach_o(0x01000007), MAC, "darwin x86_64"),
        ("a/_core.pyd", b"MZ\x90\0" + bytes(40), LAMBDA, "windows"),
        ("a/tool", elf(62), LAMBDA, "linux x86_64"),
        ("a/_core.so", b"version https://git-lfs", LAMBDA, "no library"),
        ("a/_core.so", b"\x7fELF", LAMBDA, "no library"),
    ],
)
def test_what_it_cannot_load_is_told_apart(
    path: str, content: bytes, runtime: Runtime, words: str
) -> None:
    assert words in mismatch(path, content, runtime)


def test_this_machines_own_libraries_are_for_it() -> None:
    """The rule is held to what a real Python of this machine loads."""
    folder = Path(sysconfig.get_path("platlib"))
    libraries = list(folder.glob("msgspec/*.so"))

    assert libraries
    for each in libraries:
        assert mismatch(each.name, each.read_bytes(), host(LAMBDA)) == ""
    assert host(LAMBDA).python == ".".join(map(str, sys.version_info[:2]))


@pytest.mark.parametrize(
    "path",
    [
        "jwt/__init__.py", "msgspec/_core.so", "argon2/data.json", "a.libs/libz.so.1",
        "single.py", "pyjwt-2.dist-info/METADATA", "x-1.dist-info/entry_points.txt",
        "package/testing/__init__.py", "package/bin/data", "package/test_me.py", "cffi/_c_ast.cfg",
    ],
)  # fmt: skip
def test_what_may_be_read_at_run_time_is_kept(path: str) -> None:
    assert needed(path)


@pytest.mark.parametrize(
    "path",
    [
        "bin/tool", ".lock", ".direct.txt", "jwt/py.typed", "msgspec/__init__.pyi",
        "cffi/_cffi_include.h", "a/speedups.c", "a/__pycache__/x.cpython-313.pyc", "a/x.pyc",
        "a/tests/test_a.py", "tests/test_a.py", "x-1.dist-info/RECORD",
        "x-1.dist-info/licenses/METADATA",
    ],
)  # fmt: skip
def test_what_only_tools_and_people_read_is_not(path: str) -> None:
    assert not needed(path)
