"""What can go wrong at a port, whichever adapter is behind it.

PortError
├── AccessDeniedError     the function has no grant for this
├── ResourceMissingError  the table, bucket, queue or secret does not exist
├── InvalidValueError     a value that no store takes; nothing was asked of the store
├── ConditionFailedError  the row, or the blob, is not as the caller said
├── BlobMissingError      there is no blob under this key
├── BlobTooLargeError     the blob has more bytes than the caller takes
├── TokenError            a token that is not, or no longer, good
├── SignatureError        a webhook that its sender did not sign, or signed too long ago
└── UnavailableError      the store did not answer, or is busy: what was asked may have happened
"""


class PortError(Exception):
    """What went wrong, in words that hold no row, no secret and no personal data."""


class AccessDeniedError(PortError):
    """The function has no grant for this; it says which one is missing."""


class ResourceMissingError(PortError):
    """The table, bucket, queue or secret does not exist."""


class InvalidValueError(PortError):
    """A key, a value or a cursor that no store takes; nothing was changed."""


class ConditionFailedError(PortError):
    """The row or blob is absent, or there, or not as the condition has it; nothing was changed."""


class BlobMissingError(PortError):
    """There is no blob under this key."""


class BlobTooLargeError(PortError):
    """The blob has more bytes than the caller said he takes; it says how many of each."""


class TokenError(PortError):
    """A token that is malformed, forged, signed with a key that is gone, or expired."""


class SignatureError(PortError):
    """A webhook that the provider did not sign, not so, or not just now; it does not say which."""


class UnavailableError(PortError):
    """The store did not answer in time. What was asked may or may not have happened: read back."""
