"""What every bucket gets in front of it: the function's grants, and a check of what is asked."""

import errno
import re
import stat
import unicodedata
from pathlib import Path
from urllib.parse import quote

from app.adapters.common.grants import need
from app.ports.adapters import Stated
from app.ports.blobs import READ_BYTES, Blob, Bucket, Upload
from app.ports.errors import (
    BlobTooLargeError,
    ConditionFailedError,
    InvalidValueError,
)

KEY_BYTES = 1023  # what the narrowest of the clouds takes
TYPE_CHARACTERS = 127
SIZE_BYTES = 5 * 1024**3  # what every store takes in one request
EXPIRES_S = 7 * 24 * 3600

# RFC 6838's names, in lower case
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.ASCII)


def granted(bucket: Bucket, name: str, stated: Stated, function: str) -> Bucket:
    """The bucket as `function` may use it; what reaches the adapter is valid."""
    return _Granted(bucket, name, stated, function)


def check_key(key: object) -> None:
    """Raises InvalidValueError for what no store takes as a key; no key stands in its words."""
    if not isinstance(key, str) or not key:
        raise InvalidValueError("a key must be a text that is not empty")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise InvalidValueError("a key must be text that UTF-8 can hold") from None
    if size > KEY_BYTES:
        raise InvalidValueError(f"the key has {size} bytes, the limit is {KEY_BYTES}")
    if any(unicodedata.category(each) == "Cc" for each in key):
        raise InvalidValueError("the key has a control character")
    if key.startswith("\\") or any(each in {"", ".", ".."} for each in key.split("/")):
        raise InvalidValueError(
            "the key must have texts between its slashes, none of them . or .., "
            "and no backslash or slash at its start"
        )


def check_there(blob: Blob, at_most: int | None, etag: str | None) -> None:
    """Raises unless a blob is as a read of it demands: ConditionFailedError, BlobTooLargeError."""
    if etag is not None and blob.etag != etag:
        raise ConditionFailedError("the blob is not the one that was to be read")
    if at_most is not None and blob.size > at_most:
        raise too_large(blob.size, at_most)


def too_large(size: int, at_most: int) -> BlobTooLargeError:
    """What tells that nothing of a blob was read."""
    return BlobTooLargeError(
        f"the blob has {size} bytes, and at most {at_most} were to be read: none were; "
        "say a larger `at_most`, or give its address instead of its bytes"
    )


def public_address(name: str, base: str | None, path: str) -> str:
    """The address of what anyone may read; `base` is None where the bucket is not public.

    Raises InvalidValueError then.
    """
    if base is None:
        raise InvalidValueError(
            f"the bucket {name} is not public, so nobody could GET that address: "
            "use download_url, or declare it with public=True in infra/shop.py"
        )
    return f"{base}/{quote(path)}"


def check_content_type(content_type: object) -> None:
    """Raises InvalidValueError unless it is `type/subtype` in lower case, without parameters."""
    if not isinstance(content_type, str) or _TYPE.fullmatch(content_type) is None:
        raise InvalidValueError(
            "a content type must be like image/jpeg: in lower case, without parameters"
        )
    if len(content_type) > TYPE_CHARACTERS:
        raise InvalidValueError(
            f"the content type has {len(content_type)} characters, the limit is {TYPE_CHARACTERS}"
        )


class _Granted:
    """A bucket as one function may use it. Grants come first: who has none learns nothing."""

    def __init__(self, bucket: Bucket, name: str, stated: Stated, function: str) -> None:
        self._bucket = bucket
        self._name = name
        self._may = frozenset(stated["may"])
        self._function = function

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """See Bucket."""
        self._need("write")
        check_key(key)
        check_content_type(content_type)
        _check_body(body)
        self._bucket.put(key, body, content_type)

    def put_file(self, key: str, file: Path, content_type: str) -> None:
        """See Bucket. What is no regular file cannot be read."""
        self._need("write")
        check_key(key)
        check_content_type(content_type)
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would never end
            raise OSError(errno.EINVAL, "is no regular file", str(file))
        _check_whole("the file's size", found.st_size, 0, SIZE_BYTES)
        self._bucket.put_file(key, file, content_type)

    def get(self, key: str, *, at_most: int = READ_BYTES, etag: str | None = None) -> bytes:
        """See Bucket."""
        self._need("read")
        check_key(key)
        _check_whole("the most bytes to read", at_most, 0, SIZE_BYTES)
        if etag is not None:
            _check_etag(etag)
        return self._bucket.get(key, at_most=at_most, etag=etag)

    def peek(self, key: str, size: int, *, etag: str | None = None) -> bytes:
        """See Bucket."""
        self._need("read")
        check_key(key)
        _check_whole("the size", size, 1, READ_BYTES)
        if etag is not None:
            _check_etag(etag)
        return self._bucket.peek(key, size, etag=etag)

    def head(self, key: str) -> Blob | None:
        """See Bucket."""
        self._need("read")
        check_key(key)
        return self._bucket.head(key)

    def copy(self, source: str, target: str, *, etag: str) -> None:
        """See Bucket. Needs both grants."""
        self._need("read")
        self._need("write")
        check_key(source)
        check_key(target)
        _check_etag(etag)
        self._bucket.copy(source, target, etag=etag)

    def delete(self, key: str) -> None:
        """See Bucket."""
        self._need("write")
        check_key(key)
        self._bucket.delete(key)

    def upload_url(self, key: str, content_type: str, size: int, expires_s: int) -> Upload:
        """See Bucket."""
        self._need("write")
        check_key(key)
        check_content_type(content_type)
        _check_whole("the size", size, 1, SIZE_BYTES)
        _check_whole("the time to expire, in seconds,", expires_s, 1, EXPIRES_S)
        return self._bucket.upload_url(key, content_type, size, expires_s)

    def download_url(self, key: str, expires_s: int) -> str:
        """See Bucket."""
        self._need("read")
        check_key(key)
        _check_whole("the time to expire, in seconds,", expires_s, 1, EXPIRES_S)
        return self._bucket.download_url(key, expires_s)

    def public_url(self, key: str) -> str:
        """See Bucket."""
        check_key(key)
        return self._bucket.public_url(key)

    def _need(self, action: str) -> None:
        need(action, self._may, f"the bucket {self._name}", self._function)


def _check_body(body: object) -> None:
    if not isinstance(body, bytes):
        raise InvalidValueError(f"a body must be bytes, not {type(body).__name__}")
    _check_whole("the body's size", len(body), 0, SIZE_BYTES)


def _check_etag(etag: object) -> None:
    if not isinstance(etag, str) or not etag:
        raise InvalidValueError("an etag must be a text that is not empty")


def _check_whole(what: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidValueError(f"{what} must be a whole number from {low} to {high}")
