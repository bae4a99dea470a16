"""A queue of a local cloud: sending to it, and what its consumer saw."""

import json
from typing import Any

from app.adapters.local.queue import open_queue
from infra.local.runtime.queue_file import make
from infra.local.runtime.queue_spec import QueueSpec
from tests.support.local_cloud import LocalCloud

# Does what each message's body says, once it wrote down that it began.
CONSUMER = """
import json, os, time

def note(**fields):
    fields = {"at": time.time() * 1000, "pid": os.getpid(), "revision": REVISION, **fields}
    file = os.open(os.environ["SEEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, json.dumps(fields).encode() + b"\\n")
    os.close(file)

def read(event):
    if isinstance(event, bytes):
        return [(each["data"]["messageId"], each["data"]["messageBody"], {})
                for each in json.loads(event)]
    return [(each["messageId"], each["body"], each["attributes"]) for each in event["Records"]]

def lambda_handler(event, context):
    messages = read(event)
    for number, body, about in messages:
        note(id=number, body=body, count=len(messages), **about)
    failed = []
    for number, body, about in messages:
        first = about.get("ApproximateReceiveCount") == "1"
        if body.startswith("nap"):
            time.sleep(0.15)
        if body.startswith("gate"):
            while not os.path.exists(body.partition(" ")[2]):
                time.sleep(0.01)
        if body.startswith("raise") or body.startswith("once raise") and first:
            raise ValueError("on purpose")
        if body.startswith("once die") and first:
            os.abort()
        if body.startswith("once hang") and first:
            time.sleep(60)
        if body.startswith("fail") or body.startswith("once fail") and first:
            failed.append({"itemIdentifier": number})
        note(id=number, ended=True)
    return {"batchItemFailures": failed}
"""


class QueueOfCloud:
    """One queue and its consumer, which is put with it. `change` takes other settings."""

    def __init__(self, cloud: LocalCloud, name: str, **settings: Any) -> None:
        self.cloud = cloud
        self.name = name
        self.settings = settings
        folder = cloud.places.state / "data" / "queues"
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{name}.db"
        self.seen_file = cloud.places.state / f"{name}.seen"
        make(self.file)
        self.sender = open_queue(name, {"at": str(self.file), "durability": "normal"})

    def put_function(self, revision: int = 1, **changes: Any) -> None:
        environment = {"SEEN": str(self.seen_file)}
        text = f"REVISION = {revision}\n{CONSUMER}"
        spec = self.cloud.spec(self.name, text, environment=environment, **changes)
        self.cloud.do(self.cloud.cloud.put_function(spec))

    def spec(self, **changes: Any) -> QueueSpec:
        usual: dict[str, Any] = {
            "name": self.name,
            "consumer": self.name,
            "batch_size": 10,
            "visibility_s": 1,
            "max_attempts": 3,
            "max_concurrency": 2,
            "durability": "normal",
            "file": str(self.file),
        }
        return QueueSpec(**usual | self.settings | changes)

    def put(self, **changes: Any) -> None:
        self.cloud.do(self.cloud.cloud.queues.put(self.spec(**changes)))

    def open(self, **function: Any) -> "QueueOfCloud":
        """Put both."""
        self.put_function(**function)
        self.put()
        return self

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sender.send(body)

    def seen(self, *, ended: bool = False) -> list[dict[str, Any]]:
        """What the consumer began to work on, or finished, in its order."""
        if not self.seen_file.exists():
            return []
        lines = [json.loads(line) for line in self.seen_file.read_text().splitlines()]
        return [line for line in lines if line.get("ended", False) is ended]

    def bodies(self) -> list[str]:
        return [line["body"] for line in self.seen()]

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cloud.do(self.cloud.cloud.queues.look(self.name))[self.name]
        return found

    def counts(self) -> tuple[int, int, int]:
        """How many wait, are in flight, are dead."""
        found = self.look()
        return found["waiting"], found["in_flight"], found["dead"]

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of this queue."""
        return [
            line
            for line in self.cloud.log(f'"{self.name}"')
            if line["event"] == event and line["queue"] == self.name
        ]
