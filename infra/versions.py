"""Which published version of a function its alias goes back to. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from infra.errors import PlatformError


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A published version of a function, and when it was published, as the cloud writes that."""

    number: int
    published: str


def earlier(function: str, versions: Collection[Version], live: int, wanted: int | None) -> Version:
    """The version that `wanted` names, or else the newest one before `live`.

    Raises PlatformError with the list of versions where there is none such.
    """
    there = {each.number: each for each in versions}
    if wanted is None:
        before = [each for each in there.values() if each.number < live]
        if not before:
            raise _refused(function, versions, live, f"there is none before {live}, which is live")
        return max(before)
    if wanted not in there:
        raise _refused(function, versions, live, f"there is no version {wanted}")
    if wanted == live:
        raise _refused(function, versions, live, f"version {wanted} is live already")
    return there[wanted]


def known(versions: Collection[Version], number: int) -> Version:
    """The version of this number, which somebody may have deleted."""
    found = (each for each in versions if each.number == number)
    return next(found, Version(number, "removed since"))


def listed(versions: Collection[Version], live: int) -> str:
    """A line for each version, the newest first."""
    return "\n".join(
        f"  {each.number:>6}  {each.published}{'  live' if each.number == live else ''}"
        for each in sorted(versions, reverse=True)
    )


def _refused(function: str, versions: Collection[Version], live: int, reason: str) -> PlatformError:
    return PlatformError(
        f"{function}: {reason}, so nothing was changed. Its versions:\n{listed(versions, live)}\n"
        "→ VERSION=<another of them>, or git revert and make up"
    )
