"""What HTTP says of a file that does not change: conditions, ranges, and the headers around it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.ports.blobs import Blob

_RANGE = re.compile(r"bytes=(?:([0-9]{1,19})-([0-9]{1,19})?|-([0-9]{1,19}))", re.ASCII)
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')

# what is stored here came from anyone: no browser may run it or guess what it is
EVERY: tuple[tuple[str, str], ...] = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "sandbox; default-src 'none'"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "etag, content-range"),
    # so that a server that ends never closes on somebody who was about to ask
    ("connection", "close"),
)
PREFLIGHT: tuple[tuple[str, str], ...] = (
    ("access-control-allow-methods", "PUT, GET, HEAD"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-max-age", "600"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """How a GET of a blob is answered: `size` bytes from `start`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    start: int = 0
    size: int = 0


def part_of(blob: Blob, headers: Mapping[str, str], method: str, *, public: bool = False) -> Part:
    """The part of a blob that these request headers, names in lower case, ask for."""
    etag = f'"{blob.etag}"'
    common: tuple[tuple[str, str], ...] = (
        ("etag", etag),
        ("accept-ranges", "bytes"),
        ("cache-control", "public" if public else "private"),
    )
    if _matches(headers.get("if-none-match", ""), blob.etag):
        return Part(304, common)
    start, end = 0, blob.size - 1
    status = 200
    if method == "GET" and headers.get("if-range", etag) == etag:
        wanted = _RANGE.fullmatch(headers.get("range", ""))
        if wanted is not None and (found := _span(wanted, blob.size)) is not None:
            status, (start, end) = 206, found
            if start > end:
                unsatisfied = (("content-range", f"bytes */{blob.size}"), ("content-length", "0"))
                return Part(416, (*common, *unsatisfied))
            common += (("content-range", f"bytes {start}-{end}/{blob.size}"),)
    size = end - start + 1
    about = (("content-type", blob.content_type), ("content-length", str(size)))
    return Part(status, (*common, *about), start, size)


def _span(wanted: re.Match[str], size: int) -> tuple[int, int] | None:
    """First and last byte, the first beyond the last where there is none; None: no right range."""
    first, last, suffix = wanted.groups()
    if suffix is not None:
        return max(size - int(suffix), 0) if int(suffix) else size, size - 1
    if last is not None and int(last) < int(first):
        return None
    return int(first), min(int(last) if last else size - 1, size - 1)


def _matches(condition: str, etag: str) -> bool:
    return condition.strip() == "*" or etag in _ETAG.findall(condition)
