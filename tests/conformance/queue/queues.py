"""The queues that the suite runs on, each with a way to see what would be delivered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

import mns.account
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
from tests.support.alicloud_account import Account
from tests.support.aws_clients import client

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
    """A queue on MNS, or on what plays it, received from by MNS's own SDK."""

    slower = 4

    def __init__(self, account: Account) -> None:
        self.at = f"shop-test-{token_hex(6)}"
        self._wait_s = 2 if account.real else -1  # by the queue's own setting: not at all
        self._account = mns.account.Account(account.at["mns"], *account.keys)
        self._received = self._account.get_queue(self.at)
        self._received.set_encoding(False)
        self._received.create(QueueMeta())
        self._endpoint = Endpoint(account.at["mns"])
        raw = MnsQueue(self.at, lambda: self._endpoint, lambda: account.keys)
        self.queue = granted(raw, "welcome", {"may": ["send"]}, "auth")

    def delivered(self) -> list[str]:
        found: list[str] = []
        with suppress(MNSServerException):  # raised where there is none
            while True:
                message = self._received.receive_message(self._wait_s)
                found.append(message.message_body)
                self._received.delete_message(message.receipt_handle)
        return found

    def close(self) -> None:
        self._received.delete()
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
def alicloud_queue(account: Account) -> Iterator[Opened]:
    """A queue of the account; afterwards there is none."""
    made = Alicloud(account)
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
    local = Local(folder / "welcome.db", durability)
    yield local
    local.raw.close()
    local.store.close()
