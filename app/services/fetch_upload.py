"""An upload is asked for: the first time it is looked at and moved to its kept place.

head and bytes are as declared → copy of that very version → the row says kept → the pending blob
goes. Each step may happen twice: two who ask at once end up alike. Whoever finds the row taken away
under him, by the sweep, takes back his copy.
"""

from dataclasses import dataclass, field, replace

from app.domain.errors import ConflictError, NotFoundError
from app.domain.ids import is_id
from app.domain.uploads import DOOMED, HEAD_BYTES, KEPT, PENDING, URL_SECONDS, looks_like
from app.ports.blobs import Blob, Bucket
from app.ports.clock import Clock
from app.ports.errors import (
    BlobMissingError,
    ConditionFailedError,
    PortError,
    UnavailableError,
)
from app.ports.tables import Table
from app.services import log
from app.services.upload_rows import STILL_PENDING, Upload, upload

_IMAGE = "image/"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was uploaded, and where to GET it until when (UTC epoch milliseconds)."""

    upload: Upload
    url: str = field(repr=False)  # whoever has it may read there
    expires_at: int


def fetch_upload(owner: str, key: str, *, uploads: Table, bucket: Bucket, clock: Clock) -> Fetched:
    """A URL to GET the bytes from.

    Raises NotFoundError for others' and unknown keys alike, ConflictError when nothing was PUT yet
    or something else than was declared, which is then removed, and PortError.
    """
    found = keep_upload(owner, key, uploads=uploads, bucket=bucket)
    url = bucket.download_url(found.kept_place, URL_SECONDS)
    return Fetched(found, url, clock.now_ms() + URL_SECONDS * 1000)


def keep_upload(owner: str, key: str, *, uploads: Table, bucket: Bucket) -> Upload:
    """The upload, in its kept place. Raises as `fetch_upload` does."""
    found = _read(owner, key, uploads) if is_id(key) else None
    if found is not None and found.state == PENDING:
        found = _attach(found, uploads, bucket)
    if found is None or found.state != KEPT:
        raise NotFoundError("there is no such upload")
    return found


def _read(owner: str, key: str, uploads: Table) -> Upload | None:
    row = uploads.get({"owner": owner, "upload": key})
    return None if row is None else upload(row)


def _attach(pending: Upload, uploads: Table, bucket: Bucket) -> Upload | None:
    """Keep the blob; what is there now, which somebody else may have brought about."""
    try:
        blob = bucket.head(pending.pending_place)
        if blob is None:
            return _absent(pending, uploads)
        if not _as_declared(pending, blob, bucket):
            return _refuse(pending, uploads, bucket)
        bucket.copy(pending.pending_place, pending.kept_place, etag=blob.etag)
    except BlobMissingError:
        return _absent(pending, uploads)
    except ConditionFailedError:
        raise ConflictError("it was uploaded anew just now: ask again") from None
    return _keep(pending, uploads, bucket)


def _absent(pending: Upload, uploads: Table) -> Upload | None:
    """What there is where nothing is pending. Raises ConflictError if that is nothing yet."""
    there = _read(pending.owner, pending.upload, uploads)
    if there is not None and there.state == PENDING:
        raise ConflictError("not uploaded yet: PUT it to the URL that you were given")
    return there


def _as_declared(pending: Upload, blob: Blob, bucket: Bucket) -> bool:
    """Whether size and type are those that were declared, and an image begins as one."""
    if (blob.size, blob.content_type) != (pending.size, pending.content_type):
        return False
    if not pending.content_type.startswith(_IMAGE):
        return True
    head = bucket.peek(blob.key, HEAD_BYTES, etag=blob.etag)
    return looks_like(pending.content_type, head)


def _keep(pending: Upload, uploads: Table, bucket: Bucket) -> Upload | None:
    """Have the row say that the copy is there; what it says in the end."""
    try:
        uploads.update(pending.key, set={"state": KEPT}, when=[STILL_PENDING])
    except (ConditionFailedError, UnavailableError):
        there = _read(pending.owner, pending.upload, uploads)
        if there is not None and there.state == PENDING:  # asked again, it is all done again
            raise UnavailableError("the upload was not marked as kept") from None
        if there is None or there.state == DOOMED:
            bucket.delete(pending.kept_place)  # nothing leads there any more
            return None
    _clean(pending.pending_place, bucket)
    return replace(pending, state=KEPT)


def _refuse(pending: Upload, uploads: Table, bucket: Bucket) -> Upload | None:
    """Remove what is not as declared: the row first, so that nobody keeps it meanwhile.

    The row itself stays until the sweep has been there: the URL is still good for a while.
    """
    try:
        uploads.update(pending.key, set={"state": DOOMED}, when=[STILL_PENDING])
    except ConditionFailedError:
        return _read(pending.owner, pending.upload, uploads)
    _clean(pending.pending_place, bucket)
    _clean(pending.kept_place, bucket)
    raise ConflictError(
        "what was uploaded is not of the size and type that were declared; it was removed: "
        "begin a new upload"
    )


def _clean(place: str, bucket: Bucket) -> None:
    """Remove a blob that nothing leads to; what cannot be removed now is left to the sweep."""
    try:
        bucket.delete(place)
    except PortError as error:
        log.failed("uploads", error)
