"""Many things dealt with one after the other: one that cannot be keeps no other waiting."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from app.ports.errors import UnavailableError
from app.services import log

_Thing = TypeVar("_Thing")
_MOST_UNAVAILABLE = 5


class SomeFailedError(Exception):
    """Some of it could not be done; the log has the reasons."""


def one_by_one(what: str, things: Iterable[_Thing], deal: Callable[[_Thing], int]) -> int:
    """Deal with each; the sum of what `deal` returned.

    What goes wrong is logged as part of `what`, and the next one is dealt with; but a store that
    was away five times is left alone, and the rest with it. Raises SomeFailedError in the end when
    anything went wrong.
    """
    done = failures = unavailable = 0
    for each in things:
        try:
            done += deal(each)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are to be dealt with
            log.failed(what, error)
            failures += 1
            unavailable += isinstance(error, UnavailableError)
            if unavailable == _MOST_UNAVAILABLE:
                break
    if failures:
        raise SomeFailedError(f"{what}: {failures} could not be dealt with")
    return done
