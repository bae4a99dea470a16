"""A customer's way through the functions as they are packed, and what the clock brings about."""

import json
import time
from typing import Any

import httpx

from app.adapters.aws.items import item_of
from app.domain.ids import new_id
from app.domain.shards import shard
from app.domain.uploads import UNFINISHED_MS
from app.services.accounts import WELCOME
from app.services.upload_rows import new_upload, row
from tests.support.aws_events import Answer, asked, queue_event, schedule_event
from tests.support.aws_packed import Packed

PASSWORD = "a few plain words"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"


def register_and_log_in(packed: Packed) -> str:
    """A new user's token; once, the welcome is in the queue."""
    auth = packed.functions["auth"]
    person = {"username": "Tea-House", "password": PASSWORD}
    made = asked(auth, "POST /users", person)
    made.expect(201)
    asked(auth, "POST /users", person).expect(409)
    asked(auth, "POST /sessions", person | {"password": "not the one"}).expect(401)
    token = str(asked(auth, "POST /sessions", person).expect(201)["token"])
    change = {"old_password": PASSWORD, "new_password": f"{PASSWORD} anew"}
    asked(auth, "PUT /users/me/password", change, token).expect(204)
    me = asked(auth, "GET /users/me", token=token).expect(200)
    assert me["user_id"] == made.body["user_id"]
    return token


def upload_and_download(packed: Packed, token: str) -> None:
    """What is PUT to the address that was handed out comes back from another one."""
    uploads = packed.functions["uploads"]

    def begun() -> Any:
        wanted = {"content_type": "image/png", "size": len(PICTURE)}
        return asked(uploads, "POST /uploads", wanted, token).expect(201)

    def fetched(place: Any) -> Answer:
        return asked(uploads, "GET /uploads/{key}", token=token, key=place["key"])

    with httpx.Client(trust_env=False, timeout=20) as browser:
        place = begun()
        fetched(place).expect(409)  # nothing is there yet
        sent = browser.put(place["url"], content=PICTURE, headers=place["headers"])
        assert sent.status_code == httpx.codes.OK, sent.text
        found = fetched(place).expect(200)
        assert browser.get(found["url"]).content == PICTURE
        wrong = begun()  # something else than it is said to be
        browser.put(wrong["url"], content=bytes(len(PICTURE)), headers=wrong["headers"])
        fetched(wrong).expect(409)


def welcome(packed: Packed) -> int:
    """Hand the queue's messages to their consumer, twice, as SQS may; how many there were."""
    sqs = packed.stack.client("sqs")
    url = sqs.get_queue_url(QueueName=f"shop-{packed.stack.name}-welcome")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    found = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=1
    ).get("Messages", [])
    for _ in range(2):
        event = queue_event(found, arn["QueueArn"])
        assert packed.functions["notify"].invoke(event) == {"batchItemFailures": []}
    for each in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return len(found)


def sweep(packed: Packed) -> None:
    """What was left in the middle, a welcome and an upload, is gone once the schedule was due."""
    tables = packed.stack.client("dynamodb")
    name = f"shop-{packed.stack.name}"
    (user,) = tables.scan(TableName=f"{name}-users")["Items"]
    waiting = shard(WELCOME, user["username"]["S"])
    two_days_ago = int(time.time() * 1000) - 2 * UNFINISHED_MS
    tables.put_item(
        TableName=f"{name}-users",
        Item=user | item_of({"outbox": waiting, "outbox_at": new_id(two_days_ago)}),
    )
    began = new_upload(user["user_id"]["S"], "text/plain", 3, two_days_ago)
    tables.put_item(TableName=f"{name}-uploads", Item=item_of(row(began)))
    bucket = json.loads(packed.variables("sweep")["SHOP_BUCKETS"])["uploads"]["at"]
    s3 = packed.stack.client("s3")
    s3.put_object(Bucket=bucket, Key=began.pending_place, Body=b"old")
    rule = packed.stack.client("events").describe_rule(Name=f"{name}-sweep")["Arn"]
    packed.functions["sweep"].invoke(schedule_event(rule))
    (swept,) = tables.scan(TableName=f"{name}-users")["Items"]
    assert "outbox" not in swept
    assert tables.get_item(TableName=f"{name}-uploads", Key=item_of(began.key)).get("Item") is None
    assert s3.list_objects_v2(Bucket=bucket, Prefix=began.pending_place)["KeyCount"] == 0


def notified(packed: Packed) -> int:
    """How many welcomes were sent."""
    table = f"shop-{packed.stack.name}-notifications"
    return int(packed.stack.client("dynamodb").scan(TableName=table)["Count"])
