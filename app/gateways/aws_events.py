"""What Lambda gets of SQS and of EventBridge: batches of messages, and schedules that are due."""

from app.gateways.event import MalformedEventError, items, mapping, text
from app.messages import Message


def messages(event: object) -> list[Message]:
    """The messages of a batch. Raises MalformedEventError."""
    records = items(mapping(event, "event").get("Records"), "Records")
    return [_message(record, f"Records[{number}]") for number, record in enumerate(records)]


def consumed(failed: list[str]) -> object:
    """What tells SQS that the messages with these ids, and no others, are to come again."""
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def schedule(event: object) -> str:
    """The name of the schedule that is due. Raises MalformedEventError."""
    fields = mapping(event, "event")
    if text(fields, "detail-type") != "Scheduled Event":
        raise MalformedEventError("detail-type is not Scheduled Event")
    rules = items(fields.get("resources"), "resources")
    if not (rules and isinstance(rules[0], str)):
        raise MalformedEventError("resources does not name the rule")
    return rules[0].rpartition("/")[2]


def _message(record: object, where: str) -> Message:
    fields = mapping(record, where)
    attributes = mapping(fields.get("attributes"), f"{where}.attributes")
    count = text(attributes, "ApproximateReceiveCount", f"{where}.attributes.")
    if not (count.isascii() and count.isdigit()):
        raise MalformedEventError(f"{where}.attributes.ApproximateReceiveCount is no number")
    return Message(
        id=text(fields, "messageId", f"{where}."),
        body=text(fields, "body", f"{where}."),
        attempt=int(count),
    )
