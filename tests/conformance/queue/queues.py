"""The queues that the suite runs on, each with a way to see what would be delivered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import QueueMeta

from app.adapters.alicloud.queue import MnsQueue
from app.adapters.aws.queue import SqsQueue
from app.adapters.common.calls import Endpoint
from app.adapters.common.queue import granted
from app.adapters.local.queue import open_queue
from app.adapters.memory.queue import MemoryQueue
from app.ports.queue import Queue
from infra.local.runtime.queue_file import make
from infra.local.runtime.queue_store import QueueStore
from tests.support.aws_clients import client
from tests.support.loopback import KEYS
from tests.support.mns_server import Mns, mns_server

NAMES = ("memory", "local", "aws", "alicloud")


class Opened(Protocol):
    """One adapter's queue, as a function that may send has it."""

    queue: Queue
    slower: int  # than the others, so many times

    def delivered(self) -> list[str]:
        """The bodies of the messages that a consumer is handed, one by one."""


class Memory:
    """The one that tests use."""

    slower = 1

    def __init__(self) -> None:
        self.raw = MemoryQueue()
        self.queue = granted(self.raw, "welcome", {"may": ["send"]}, "auth")

    def delivered(self) -> list[str]:
        return [message.body for message in self.raw.messages]


class Local:
    """A file, read as the local cloud reads it."""

    slower = 1

    def __init__(self, file: Path, durability: str) -> None:
        make(file)
        self.stated: dict[str, Any] = {"may": ["send"], "at": str(file), "durability": durability}
        self.raw = open_queue("welcome", self.stated)
        self.queue = granted(self.raw, "welcome", self.stated, "auth")
        self.store = QueueStore(file, durability)

    def delivered(self) -> list[str]:
        found: list[str] = []
        while taken := self.store.receive(10, 3_600_000, 5).messages:
            found += [message.body for message in taken]
        return found


class Aws:
    """A queue on SQS, or on what plays it, received from as a consumer does."""

    slower = 4

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._client = client("sqs", connection)
        self.at: str = self._client.create_queue(QueueName=f"shop-test-{token_hex(6)}")["QueueUrl"]
        self._wait_s = 0 if "endpoint_url" in connection else 2  # moto shows all there is at once
        self.queue = granted(
            SqsQueue(self.at, lambda: self._client), "welcome", {"may": ["send"]}, "auth"
        )

    def delivered(self) -> list[str]:
        found: list[str] = []
        while messages := self._client.receive_message(
            QueueUrl=self.at, MaxNumberOfMessages=10, WaitTimeSeconds=self._wait_s
        ).get("Messages"):
            found += [message["Body"] for message in messages]
            told = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._client.delete_message_batch(QueueUrl=self.at, Entries=told)
        return found

    def close(self) -> None:
        self._client.delete_queue(QueueUrl=self.at)


class Alicloud:
    """A queue on what plays MNS, received from by MNS's own SDK."""

    slower = 4

    def __init__(self, server: Mns) -> None:
        self.at = "shop-test-welcome"
        self._account = Account(server.url, *KEYS)
        self._received = self._account.get_queue(self.at)
        self._received.set_encoding(False)
        self._received.create(QueueMeta())
        self._endpoint = Endpoint(server.url)
        raw = MnsQueue(self.at, lambda: self._endpoint, lambda: KEYS)
        self.queue = granted(raw, "welcome", {"may": ["send"]}, "auth")

    def delivered(self) -> list[str]:
        found: list[str] = []
        with suppress(MNSServerException):  # raised where there is none
            while True:
                message = self._received.receive_message()
                found.append(message.message_body)
                self._received.delete_message(message.receipt_handle)
        return found

    def close(self) -> None:
        self._endpoint.close()
        self._account.get_client().close_connection()


@contextmanager
def aws_queue(connection: Mapping[str, Any]) -> Iterator[Opened]:
    """A queue on AWS; afterwards there is none. `connection`: a client's."""
    made = Aws(connection)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def opened(name: str, folder: Path, durability: str = "normal") -> Iterator[Opened]:
    """The queue of this adapter."""
    if name == "memory":
        yield Memory()
        return
    if name == "alicloud":
        with mns_server() as server:
            sent = Alicloud(server)
            yield sent
            sent.close()
        return
    local = Local(folder / "welcome.db", durability)
    yield local
    local.raw.close()
    local.store.close()
