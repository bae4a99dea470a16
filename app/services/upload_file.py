"""Put a file into a bucket, and only say whether that went well."""

import mimetypes
from collections.abc import Callable
from functools import cache
from pathlib import Path

from app.ports.blobs import Bucket
from app.ports.errors import PortError
from app.services import log

UNKNOWN_TYPE = "application/octet-stream"


class Uploader:
    """Uploads to buckets by name; `bucket` opens one, as `Services.bucket` does.

    `Bucket.put_file` is the same with errors to catch.
    """

    def __init__(self, bucket: Callable[[str], Bucket]) -> None:
        self._bucket = bucket

    def upload_file(self, file_name: str, bucket: str, object_name: str | None = None) -> bool:
        """Whether the file is in the bucket now; if not, a line in the log says why.

        Its key is `object_name`, or else `file_name` as it stands (a key begins with no slash).
        Its content type follows from the name's ending.
        """
        try:
            key = file_name if object_name is None else object_name
            self._bucket(bucket).put_file(key, Path(file_name), content_type(file_name))
        except (PortError, OSError, ValueError) as error:
            log.failed("upload of a file", error)
            return False
        return True


def content_type(file_name: str) -> str:
    """What a file of this name holds, as far as the name tells."""
    found, packed = _types().guess_type(file_name)
    return UNKNOWN_TYPE if found is None or packed else found


@cache
def _types() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()  # Python's own table: another machine's would differ
