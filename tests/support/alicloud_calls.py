"""What requests to Alibaba Cloud need from a role: actions on ARNs, as RAM's documentation says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from infra.alicloud.places import Places, bucket_arn
from tests.support.loopback import Asked
from tests.support.role_policies import Use
from tests.support.tablestore_wire import messages

Service = Literal["ots", "oss", "mns", "oos"]
_NOT_FOUND = 404
_OF_BLOBS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a service took, and the status that it answered."""

    service: Service
    asked: Asked
    status: int


def uses(call: Call, places: Places) -> Iterator[Use]:
    """What the request needs. Raises KeyError for one that this does not know."""
    asked = call.asked
    match call.service:
        case "ots":
            yield from _of_rows(asked, places)
        case "oss":
            yield from _of_blobs(call)
        case "mns":
            if (asked.method, asked.path.rpartition("/")[2]) != ("POST", "messages"):
                raise KeyError(asked.path)
            yield Use("mns:SendMessage", places.messages(asked.path.split("/")[2]))
        case "oos":
            action, name = asked.headers["x-acs-action"], asked.query["Name"]
            parameter = f"acs:oos:{places.region}:{places.account}:secretparameter/{name}"
            yield Use(f"oos:{action}", parameter)
            if asked.query.get("WithDecryption") == "true":
                # the id after the name stands for what KMS adds, of which nothing is documented
                value = f"acs:kms:{places.region}:{places.account}:secret/oos-{name}-0f1e"
                yield Use("kms:GetSecretValue", value)


def _of_rows(asked: Asked, places: Places) -> Iterator[Use]:
    operation = asked.path.removeprefix("/")
    request = getattr(messages, f"{operation}Request").FromString(asked.body)
    tables = [each.table_name for each in request.tables] if operation == "BatchGetRow" else None
    for table in tables or [request.table_name]:
        yield Use(f"ots:{operation}", places.table(table))


def _of_blobs(call: Call) -> Iterator[Use]:
    asked = call.asked
    bucket, _, key = asked.path.removeprefix("/").partition("/")
    if source := asked.headers.get("x-oss-copy-source"):
        yield Use("oss:GetObject", bucket_arn(unquote(source).removeprefix("/")))
    yield Use(f"oss:{_OF_BLOBS[asked.method]}", f"{bucket_arn(bucket)}/{key}")
    if call.status == _NOT_FOUND:  # else OSS would have answered 403, and told nothing
        yield Use("oss:ListObjects", bucket_arn(bucket))
