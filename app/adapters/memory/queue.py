"""A queue that keeps what is sent, for tests to read and to hand to a consumer."""

import threading

from app.messages import Message


class MemoryQueue:
    """One queue in this process; `messages` are those sent so far, in their order.

    Nothing consumes them by itself: hand them to a consumer, as often as a queue might.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._lock = threading.Lock()

    def send(self, body: str) -> None:
        """Keep a text, as a message that is to be handed out for the first time."""
        with self._lock:
            number = len(self.messages) + 1
            self.messages.append(Message(id=f"message-{number}", body=body, attempt=1))
