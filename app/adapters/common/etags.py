"""Etags as HTTP carries them, for buckets that are reached by it."""

import re

from app.ports.blobs import Blob
from app.ports.errors import BlobMissingError, ConditionFailedError

ABSENT = "there is no blob under this key"
ANOTHER = "the blob is not the one that was asked for"

_ETAG = re.compile(r"[!#-~]+", re.ASCII)  # what may stand between quotes in a header


def quoted(etag: str) -> str:
    """The etag as a header has it. Raises ConditionFailedError for what is none of any blob."""
    if _ETAG.fullmatch(etag) is None:
        raise ConditionFailedError(ANOTHER)
    return f'"{etag}"'


def check_same(found: Blob | None, etag: str) -> None:
    """Raises unless it is the blob of this etag: BlobMissingError, ConditionFailedError."""
    if found is None:
        raise BlobMissingError(ABSENT)
    if found.etag != etag:
        raise ConditionFailedError(ANOTHER)
