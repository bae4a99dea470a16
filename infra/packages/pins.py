"""The pins of tools/constraints.txt: versions and hashes, and which of them some packages need."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from infra.packages.cuts import CUTS, does_without
from infra.packages.imports import normal
from infra.packages.runtime import PackageError

CONSTRAINTS = "tools/constraints.txt"


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One version of a distribution, with the lines that state it and its hashes.

    `wanted_by` are the distributions that need it. A name has several where platforms differ.
    """

    name: str
    text: str
    wanted_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is to be installed: `direct` lines, and those that pin whatever these need.

    `cut`, the others are all that is installed beside: some of what was asked for is left out.
    """

    names: tuple[str, ...]
    direct: str
    others: str
    cut: bool = False


def pins(constraints: str) -> tuple[Pin, ...]:
    """Every pin of a constraints file as uv writes it."""
    blocks: list[list[str]] = []
    for line in constraints.splitlines():
        if line[:1] not in {"", " ", "#"}:
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
    return tuple(_pin(block) for block in blocks)


def _pin(block: Sequence[str]) -> Pin:
    stated = [line.strip() for line in block if line.strip() and line.strip()[0] != "#"]
    comments = (line.strip().removeprefix("#").strip() for line in block if "#" in line)
    wanted_by = (comment.removeprefix("via").strip() for comment in comments)
    return Pin(
        normal(stated[0].partition("==")[0]),
        "\n    ".join(stated),
        frozenset(normal(name.partition("[")[0]) for name in wanted_by if name),
    )


def requirements(known: Collection[Pin], names: Iterable[str]) -> Requirements:
    """What `names` need, as far as the pins say. Raises PackageError for one that has none."""
    wanted = sorted(names)
    for name in wanted:
        if not any(pin.name == name for pin in known):
            raise PackageError(
                CONSTRAINTS,
                f"it does not pin {name}",
                "no package holds what is not pinned, so the functions that import it have none",
                "make lock",
            )
    needed = set(wanted)
    while more := {pin.name for pin in known if _asked_for(pin, needed)} - needed:
        needed |= more
    texts = sorted((pin.name, pin.text) for pin in known if pin.name in needed)
    return Requirements(
        tuple(wanted),
        "".join(f"{text}\n" for name, text in texts if name in wanted),
        "".join(f"{text}\n" for name, text in texts if name not in wanted),
        cut=bool(needed & set(CUTS)),
    )


def _asked_for(pin: Pin, needed: Collection[str]) -> bool:
    """Whether one of those needed cannot do without it."""
    return any(each in needed and not does_without(each, pin.name) for each in pin.wanted_by)
