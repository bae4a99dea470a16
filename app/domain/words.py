"""Words, as the shop looks for them: those of a product, those of a query, alike in one spelling.

A word is a run of letters and digits with their marks. Scripts that are written without spaces
between words (Chinese, Japanese) give each two neighbours as one word, so that a query finds what
stands in the middle of a run.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from app.domain.users import folded

SHORTEST, LONGEST = 2, 40  # characters
MOST = 64  # of a product: as many rows of the index
MOST_ASKED = 8  # of a query
_UNSPACED = re.compile(
    "[\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def words_of(*texts: str) -> tuple[str, ...]:
    """The first 64 different words of these texts, in their order."""
    return _first(MOST, texts)


def asked_for(query: str) -> tuple[str, ...]:
    """The first eight different words of a query."""
    return _first(MOST_ASKED, (query,))


def _first(most: int, texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        for word in _words(text):
            found[word] = None
            if len(found) == most:
                return tuple(found)
    return tuple(found)


def _words(text: str) -> Iterator[str]:
    for run in "".join(map(_kept, folded(text))).split():
        at = 0
        for unspaced in _UNSPACED.finditer(run):
            yield from _whole(run[at : unspaced.start()])
            yield from _pairs(unspaced[0])
            at = unspaced.end()
        yield from _whole(run[at:])


def _kept(character: str) -> str:
    """What is of a word; a space stands for anything else."""
    return character if unicodedata.category(character)[0] in "LMN" else " "


def _whole(word: str) -> Iterator[str]:
    """One word; a longer one is known by how it begins."""
    if len(word) >= SHORTEST:
        yield word[:LONGEST]


def _pairs(run: str) -> Iterator[str]:
    for at in range(len(run) - 1):
        yield run[at : at + 2]
