"""Compiles a folder's Python files by the interpreter that will load them.

The sources stay, for tracebacks. What is compiled never looks at their times (unchecked hashes),
and names them by their paths in the folder: the same sources give the same bytes anywhere.
"""

from pathlib import Path
from typing import Final, Literal

from infra.cli.commands import Command
from infra.packages.runtime import PackageError
from infra.packages.tools import Compiler, Tools

Bytecode = Literal["none", "required"]
_LIMIT_S: Final = 300
# The paths come in a file, since a command line may be too short for all of them.
_PROGRAM: Final = """
import py_compile, sys
for path in open(sys.argv[1], encoding="utf-8").read().split("\\0"):
    py_compile.compile(path, dfile=path, doraise=True, optimize=0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


def compile_all(folder: Path, sources: list[str], compiler: Compiler, tools: Tools) -> None:
    """Compile these files of `folder`, by their paths in it. Raises PackageError."""
    listed = folder / ".sources"
    listed.write_text("\0".join(sorted(sources)), encoding="utf-8")
    try:
        # -P: nothing in the folder is imported by its name
        command: Command = [compiler.program, "-s", "-S", "-P", "-c", _PROGRAM, listed.name]
        ended = tools.do("bytecode", command, cwd=folder, limit_s=_LIMIT_S)
    finally:
        listed.unlink()
    if not ended.ok:
        lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
        raise PackageError(
            "bytecode",
            ended.stopped or (lines[-1] if lines else "the compiler said nothing"),
            f"Python {compiler.version} cannot compile the package's files, so it could not load "
            "them either",
            f"write what Python {compiler.version} can read; or `bytecode: none` where a library "
            "holds files for other versions",
        )
