"""A queue's sending end on SQS."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from app.adapters.aws import clients
from app.ports.adapters import Stated


class SqsQueue:
    """The queue at the URL `at`; `client` makes an SQS client when one is needed."""

    def __init__(self, at: str, client: Callable[[], Any]) -> None:
        self._at = at
        self._made = client

    @cached_property
    def _client(self) -> Any:
        return self._made()

    def send(self, body: str) -> None:
        """Have SQS take a text; when an answer is lost, it may take it twice."""
        with clients.translated():
            self._client.send_message(QueueUrl=self._at, MessageBody=body)


def open_queue(name: str, stated: Stated) -> SqsQueue:  # noqa: ARG001 - `at` is its URL
    """The queue at `stated["at"]`; no client is made before it is used."""
    return SqsQueue(stated["at"], lambda: clients.client("sqs"))
