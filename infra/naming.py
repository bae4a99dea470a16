"""Names: which ones every provider takes, and which one a misspelt one was meant to be."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_HYPHENED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_UNDERSCORED = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be; None where none is close."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def choose(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest one, or all there are."""
    names = sorted(set(known))
    if near := nearest(name, names):
        return f"write {near}"
    return (
        f"use one of: {', '.join(names)}" if names else "remove it: there is nothing to name here"
    )


def is_hyphened(name: str) -> bool:
    """Whether `name` is lower-case words with single hyphens between them, as `order-mail`."""
    return _HYPHENED.fullmatch(name) is not None


def is_underscored(name: str) -> bool:
    """Whether `name` is lower-case words with single underscores between them, as `cart_lines`."""
    return _UNDERSCORED.fullmatch(name) is not None
