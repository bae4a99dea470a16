"""How large the packages are: as data, and as the table that a preview shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra import folders
from infra.packages.archive import zip_of
from infra.packages.build import Package

_KB = 1000


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes of one function's package in bytes; `zipped` where it was measured."""

    function: str
    app: int
    libraries: int
    zipped: int | None = None

    @property
    def total(self) -> int:
        """Bytes when unpacked."""
        return self.app + self.libraries


def sizes(packages: Iterable[Package], *, zipped: bool = False) -> tuple[Size, ...]:
    """The size of each package; `zipped` measures what is uploaded too, which takes some time."""
    return tuple(
        Size(
            each.function,
            each.app_bytes,
            each.library_bytes,
            zipped_bytes(each.folder) if zipped else None,
        )
        for each in packages
    )


def zipped_bytes(folder: Path) -> int:
    """The size of a folder as a zip, in bytes."""
    return len(zip_of(folders.read(folder)))


def table(found: Iterable[Size]) -> str:
    """A line per function: KB of app/, of libraries, in all, and zipped where that is known."""
    rows = tuple(found)
    titles = ["function", "app KB", "libraries KB", "total KB"]
    lines = [[r.function, _kb(r.app), _kb(r.libraries), _kb(r.total)] for r in rows]
    if any(row.zipped is not None for row in rows):
        titles.append("zipped KB")
        for line, row in zip(lines, rows, strict=True):
            line.append("" if row.zipped is None else _kb(row.zipped))
    wide = [max(len(line[at]) for line in [titles, *lines]) for at in range(len(titles))]
    return "\n".join(
        "  ".join(cell.rjust(wide[at]) if at else cell.ljust(wide[at]) for at, cell in cells)
        for cells in (tuple(enumerate(line)) for line in [titles, *lines])
    )


def _kb(count: int) -> str:
    return f"{count / _KB:.1f}"
