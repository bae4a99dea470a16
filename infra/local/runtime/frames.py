"""The wire between the supervisor and its children: frames on a Unix stream socket.

A frame is its length (four bytes, little endian, of all that follows) and its body. A call's body
is the deadline (a double, seconds on the monotonic clock, which parent and child share), the length
of the request id (one byte), the request id, and the event. A reply's body is its kind (one byte),
the length of the request id (one byte), the request id, and the payload: the result, or a JSON
object that describes the error. The id ties a reply to its call: one that comes late, or that a
handler wrote to its instance's socket itself, cannot answer another's request.
"""

import struct
from enum import IntEnum

LENGTH = struct.Struct("<I")
_CALL = struct.Struct("<IdB")
_REPLY = struct.Struct("<IBB")
_REPLY_HEAD = 2
LIMIT = 8 * 1024 * 1024
_HEAD = struct.Struct("<dB")


class Kind(IntEnum):
    """What a reply tells."""

    READY = 1
    NOT_STARTED = 2
    RESULT = 3
    RAISED = 4


_KINDS = {int(each): each for each in Kind}  # a call of Kind takes ten times as long


def frame(body: bytes) -> bytes:
    """A body of any kind with its length."""
    return LENGTH.pack(len(body)) + body


def call(request_id: bytes, deadline: float, event: bytes) -> bytes:
    """The frame of one call. `request_id` is at most 255 bytes."""
    size = len(request_id)
    return _CALL.pack(_HEAD.size + size + len(event), deadline, size) + request_id + event


def read_call(body: bytes) -> tuple[str, float, bytes]:
    """Request id, deadline and event of a call's body."""
    deadline, size = _HEAD.unpack_from(body)
    end = _HEAD.size + size
    return body[_HEAD.size : end].decode(), deadline, body[end:]


def reply(kind: Kind, payload: bytes, request_id: bytes = b"") -> bytes:
    """The frame of one reply; what is no answer to a call has no request id."""
    size = len(request_id)
    return _REPLY.pack(_REPLY_HEAD + size + len(payload), kind, size) + request_id + payload


def read_reply(body: bytes) -> tuple[Kind, bytes, bytes]:
    """Kind, request id and payload of a reply's body. Raises LookupError."""
    end = _REPLY_HEAD + body[1]
    return _KINDS[body[0]], body[_REPLY_HEAD:end], body[end:]


class Reader:
    """Cuts a stream into the bodies of its frames, none of them over LIMIT."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete now, in order. Raises ValueError for one too large."""
        buffer = self._buffer + data if self._buffer else data
        bodies = []
        start, size = 0, len(buffer)
        while size - start >= LENGTH.size:
            length: int = LENGTH.unpack_from(buffer, start)[0]
            if length > LIMIT:
                raise ValueError(f"a frame of {length} bytes is too large")
            end = start + LENGTH.size + length
            if end > size:
                break
            bodies.append(buffer[start + LENGTH.size : end])
            start = end
        self._buffer = buffer[start:]
        return bodies
