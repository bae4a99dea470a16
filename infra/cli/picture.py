"""Pictures of a colour and a simple pattern, made in code: a PNG of a few hundred bytes each."""

import struct
import zlib
from colorsys import hls_to_rgb
from hashlib import sha256

SIDE = 120
"""Pixels in a row, and rows."""

PATTERNS = ("stripes", "bars", "checks", "dots", "rings", "slopes")
_CELL, _RADIUS = 20, 10
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MIDDLE = SIDE // 2


def picture(name: str, pattern: str) -> bytes:
    """A PNG in two shades of a colour that follows from `name`; `pattern` is one of PATTERNS."""
    hue = int.from_bytes(sha256(name.encode()).digest()[:2]) / 65536
    shades = b"".join(_rgb(hue, lightness) for lightness in (0.86, 0.55))
    rows = (bytes(_drawn(pattern, x, y) for x in range(SIDE)) for y in range(SIDE))
    pixels = b"".join(b"\0" + row for row in rows)  # no row is filtered
    # eight bits a pixel, each the number of a colour of the palette
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", shades),
        (b"IDAT", zlib.compress(pixels)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _drawn(pattern: str, x: int, y: int) -> bool:
    """Whether a pixel has the darker shade."""
    match pattern:
        case "stripes":
            return y // _CELL % 2 == 1
        case "bars":
            return x // _CELL % 2 == 1
        case "checks":
            return (x // _CELL + y // _CELL) % 2 == 1
        case "dots":
            return (x % (2 * _CELL) - _CELL) ** 2 + (y % (2 * _CELL) - _CELL) ** 2 < _RADIUS**2
        case "rings":
            return ((x - _MIDDLE) ** 2 + (y - _MIDDLE) ** 2) // 800 % 2 == 1
        case _:
            return (x + y) // _CELL % 2 == 1


def _rgb(hue: float, lightness: float) -> bytes:
    return bytes(round(255 * part) for part in hls_to_rgb(hue, lightness, 0.5))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
