"""A queue's sending end. What comes out of it arrives at a function as `app.messages.Message`."""

from typing import Protocol

BODY_BYTES = 60 * 1024  # the narrowest of the clouds takes 64 KB with what it adds


class Queue(Protocol):
    """One queue: each message is delivered at least once, in no particular order."""

    def send(self, body: str) -> None:
        """Accept a text of 1 to 61,440 bytes in UTF-8; when this returns it will be delivered.

        Clouds carry messages in XML: of the control characters it may hold tab, line feed and
        carriage return only, and neither U+FFFE nor U+FFFF.

        Raises InvalidValueError, AccessDeniedError, ResourceMissingError and UnavailableError as
        tables do; after the last one it may be delivered all the same.
        """
