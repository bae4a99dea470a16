"""What every queue gets in front of it: a look at each body, and the function's grant."""

import re

from app.ports.adapters import Stated
from app.ports.errors import AccessDeniedError, InvalidValueError
from app.ports.queue import BODY_BYTES, Queue

# What XML 1.0 has no form for; half of a surrogate pair, which UTF-8 has none for, is among it.
_NOT_CARRIED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def granted(queue: Queue, name: str, stated: Stated, function: str) -> Queue:
    """The queue `name` as `function` may use it."""
    return _Granted(queue, name, stated, function)


class _Granted:
    """A queue that takes only what every cloud's does, from a function that may send."""

    def __init__(self, queue: Queue, name: str, stated: Stated, function: str) -> None:
        self._queue = queue
        self._name = name
        self._may = frozenset(stated["may"])
        self._function = function

    def send(self, body: str) -> None:
        """Accept a text, when it is one and the function may."""
        if "send" not in self._may:
            raise AccessDeniedError(
                f"the function {self._function} may not send to the queue {self._name}: "
                'add "send" to its grant in infra/shop.py'
            )
        _check(body, self._name)
        self._queue.send(body)


def _check(body: object, name: str) -> None:
    """Raise InvalidValueError, which tells nothing of the body, for what no queue takes."""
    if not isinstance(body, str):
        raise InvalidValueError(
            f"a message to the queue {name} is a {type(body).__name__}: it must be a text"
        )
    if found := _NOT_CARRIED.search(body):
        raise InvalidValueError(
            f"a message to the queue {name} has the character U+{ord(found[0]):04X} at "
            f"{found.start()}, which not every queue carries: encode it, as JSON does"
        )
    size = len(body.encode())
    if not 1 <= size <= BODY_BYTES:
        raise InvalidValueError(
            f"a message to the queue {name} has {size:,} bytes: it must have 1 to {BODY_BYTES:,}; "
            "put what is larger into a bucket, and its key into the message"
        )
