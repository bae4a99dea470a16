"""Uploads: what may be uploaded, where it lies, and how long things take."""

from typing import Literal, get_args

Kind = Literal[
    "image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf", "text/plain"
]
KINDS: tuple[str, ...] = get_args(Kind)
MOST_BYTES = 10_000_000
MOST_PENDING = 20
HEAD_BYTES = 16  # enough of a file to tell whether it looks like what it is said to be
URL_SECONDS = 15 * 60
UNFINISHED_MS = 24 * 60 * 60 * 1000

PENDING = "pending"  # a URL was handed out; nothing has been looked at
KEPT = "kept"  # it was looked at and stands in its kept place
DOOMED = "doomed"  # it will be removed: no way back


def pending_place(owner: str, upload: str) -> str:
    """The blob's key until it has been looked at; the owner's URL writes here."""
    return f"pending/{owner}/{upload}"


def kept_place(owner: str, upload: str) -> str:
    """The blob's key from then on; no URL that was ever handed out writes here."""
    return f"kept/{owner}/{upload}"


def looks_like(content_type: str, head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` are as an image of this type begins; others may be any."""
    match content_type:
        case "image/png":
            return head.startswith(b"\x89PNG\r\n\x1a\n")
        case "image/jpeg":
            return head.startswith(b"\xff\xd8\xff")
        case "image/gif":
            return head.startswith((b"GIF87a", b"GIF89a"))
        case "image/webp":
            return head.startswith(b"RIFF") and head[8:12] == b"WEBP"
        case _:
            return True
