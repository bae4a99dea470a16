"""Secrets that a test plants and then looks for, in each form in which they could come to light."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, quote_plus

import jwt

_LONG = 16  # characters: half of a text this long is told from anything else by its looks


def forms(text: str) -> frozenset[bytes]:
    """The text as it stands, in JSON, Python, URLs, hex and, wherever it begins there, Base64."""
    raw = text.encode()
    written = {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        repr(raw)[2:-1],
        quote(text),
        quote(text, safe=""),
        quote_plus(text),
        raw.hex(),
    }
    based = (_inner(raw, before, encode) for before in range(3) for encode in _ENCODINGS)
    return frozenset({each.encode() for each in written} | set(based))


_ENCODINGS = (b64encode, urlsafe_b64encode)
_CUT = (0, 2, 3)  # characters that hold a bit of so many bytes before


def _inner(raw: bytes, before: int, encode: Callable[[bytes], bytes]) -> bytes:
    """The Base64 of these bytes after so many others, without what depends on its neighbours."""
    found = encode(bytes(before) + raw).rstrip(b"=")
    partial = (before + len(raw)) % 3 != 0
    return found[_CUT[before] : -1 if partial else None]


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted, by what it is; a long one is also looked for by its halves."""

    _forms: dict[str, frozenset[bytes]] = field(default_factory=dict)

    def add(self, what: str, text: str) -> str:
        """Remember a text, unless it is known by another name; returns it."""
        middle = len(text) // 2
        parts = (text, text[:middle], text[middle:]) if len(text) >= _LONG else (text,)
        found = frozenset().union(*map(forms, parts))
        if found not in self._forms.values():
            self._forms[what] = found
        return text

    def password(self, what: str) -> str:
        """A new password, with all that is written differently in one place or another."""
        return self.add(f"password: {what}", f"Plänted+{token_hex(6)}/{token_hex(6)} ?")

    def token(self, what: str, token: str) -> str:
        """A token: what it states, its signature, and the session's id; its head is all others'."""
        _, claims, signature = token.split(".")
        self.add(f"token: {what}, its claims", claims)
        if signature:
            self.add(f"token: {what}, its signature", signature)
        stated = jwt.decode(token, options={"verify_signature": False})
        self.add(f"token: {what}, its session", stated["sid"])
        return token

    def signature(self, what: str, url: str) -> str:
        """A signed address: what signs it."""
        found = re.search(r"signature=([\w-]{43})", url)
        assert found is not None, "the address is not signed"
        self.add(f"signature: {what}", found[1])
        return url

    def keys(self, what: str, text: str) -> str:
        """A secret's text: each of its lines."""
        for number, line in enumerate(text.split()):
            self.add(f"key: {what}, {number}", line)
        return text

    def kinds(self) -> set[str]:
        """Of what kinds something was planted."""
        return {each.partition(":")[0] for each in self._forms}

    def found_in(self, data: bytes) -> list[str]:
        """Which of them these bytes hold."""
        return [what for what, texts in self._forms.items() if any(each in data for each in texts)]

    def found(self, places: Mapping[str, bytes]) -> dict[str, list[str]]:
        """Which of them are where; nothing where all is well."""
        return {place: held for place, data in places.items() if (held := self.found_in(data))}


def files(*folders: Path, without: Path | None = None) -> dict[str, bytes]:
    """The content of every file below, by its path; not of what is below `without`."""
    return dict(_files(folders, without))


def _files(folders: tuple[Path, ...], without: Path | None) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for each in sorted(folder.rglob("*")):
            if each.is_file() and without not in each.parents:
                yield str(each), each.read_bytes()
