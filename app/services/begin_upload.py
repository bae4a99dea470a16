"""An upload begins: a row of its own, and a URL to PUT the bytes to."""

from dataclasses import dataclass, field

from app.domain.errors import ConflictError, InvalidError
from app.domain.ids import first_id
from app.domain.uploads import KINDS, MOST_BYTES, MOST_PENDING, PENDING, UNFINISHED_MS, URL_SECONDS
from app.ports.blobs import Bucket
from app.ports.blobs import Upload as Place
from app.ports.clock import Clock
from app.ports.tables import Between, Table
from app.services.upload_rows import new_upload, row

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to PUT what, until when (UTC epoch milliseconds), and the key to ask for it by."""

    key: str
    place: Place = field(repr=False)  # whoever has the URL may write there
    expires_at: int


def begin_upload(
    owner: str, content_type: str, size: int, *, uploads: Table, bucket: Bucket, clock: Clock
) -> Begun:
    """Hand out a URL. Raises InvalidError, ConflictError for too many unfinished, and PortError."""
    if content_type not in KINDS:
        raise InvalidError(f"the content type is one of {', '.join(KINDS)}", "$.content_type")
    if not 1 <= size <= MOST_BYTES:
        raise InvalidError(f"the size is 1 to {MOST_BYTES} bytes", "$.size")
    now_ms = clock.now_ms()
    begun = new_upload(owner, content_type, size, now_ms)
    uploads.put(row(begun))
    # counted after it was written: however many begin at once, no more than these stand
    if _pending(owner, uploads, now_ms) > MOST_PENDING:
        uploads.delete(begun.key)
        raise ConflictError(
            f"{MOST_PENDING} uploads are unfinished: PUT and GET one of them first; "
            "what is left undone for a day is dropped"
        )
    place = bucket.upload_url(begun.pending_place, content_type, size, URL_SECONDS)
    return Begun(begun.upload, place, now_ms + URL_SECONDS * 1000)


def _pending(owner: str, uploads: Table, now_ms: int) -> int:
    """How many of this user's uploads are pending: at least one more than may be, or all.

    Those that the sweep is late with count no more.
    """
    recent = Between(low=first_id(now_ms - UNFINISHED_MS))
    found, cursor = 0, None
    while True:
        page = uploads.query(owner, sort=recent, limit=_PAGE, cursor=cursor, descending=True)
        found += sum(each["state"] == PENDING for each in page.rows)
        cursor = page.cursor
        if cursor is None or found > MOST_PENDING:
            return found
