"""Plain text: what people write that others are shown, on a page, a label, or in a list."""

import unicodedata

from app.domain.errors import InvalidError

_SPACES = frozenset("\n\t")
# these have text read in another order than it stands there
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, field: str, *, lines: bool = False) -> str:
    """The text; with `lines` it may hold line ends and tabs.

    Raises InvalidError where it holds control characters, marks of direction, or halves of
    characters.
    """
    for character in text:
        if lines and character in _SPACES:
            continue
        if character in _BIDI or unicodedata.category(character) in ("Cc", "Cs"):
            raise InvalidError("this holds a character that is no text", field)
    return text
