"""What calls of boto3 need from a role: actions on ARNs, as AWS's own tables of actions say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.support.role_policies import Use

_NOT_FOUND = 404
_OF_BLOBS = {
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the client was asked for it; `status` is 0 for an address that was signed."""

    service: str
    operation: str
    params: Mapping[str, Any]
    status: int


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the calls went to: its number, its region, and its secrets' ARNs by name."""

    number: str
    region: str
    secrets: Mapping[str, str]

    def uses(self, call: Call) -> Iterator[Use]:
        """What the call needs. Raises KeyError for one that this does not know."""
        params = call.params
        match call.service:
            case "dynamodb":
                index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
                table = self._arn("dynamodb", f"table/{params['TableName']}{index}")
                yield Use(f"dynamodb:{call.operation}", table)
            case "s3":
                yield from self._of_blob(call)
            case "sqs":
                queue = params["QueueUrl"].rpartition("/")[2]
                yield Use(f"sqs:{call.operation}", self._arn("sqs", queue))
            case "secretsmanager":
                yield Use(f"secretsmanager:{call.operation}", self.secrets[params["SecretId"]])
            case other:
                raise KeyError(other)

    def _of_blob(self, call: Call) -> Iterator[Use]:
        params = call.params
        bucket = f"arn:aws:s3:::{params['Bucket']}"
        blob = f"{bucket}/{params['Key']}"
        if call.operation == "CopyObject":
            # botocore has made a path of it by then
            source = unquote(params["CopySource"])
            yield Use("s3:GetObject", f"arn:aws:s3:::{source}")
            yield Use("s3:PutObject", blob)
        else:
            yield Use(_OF_BLOBS[call.operation], blob)
        if call.status == _NOT_FOUND:  # else S3 would have answered 403, and told nothing
            yield Use("s3:ListBucket", bucket)

    def _arn(self, service: str, name: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.number}:{name}"


def by_lambda(configuration: Mapping[str, Any], sources: Sequence[str]) -> Iterator[Use]:
    """What Lambda itself does by the function's role: logs, traces, dead letters, taking messages.

    `configuration` is what Lambda tells of the function, `sources` the ARNs of its queues.
    """
    group = configuration.get("LoggingConfig", {}).get("LogGroup")
    group = group or f"/aws/lambda/{configuration['FunctionName']}"
    prefix = ":".join(configuration["FunctionArn"].split(":")[3:5])
    stream = f"arn:aws:logs:{prefix}:log-group:{group}:log-stream:2026/11/22/[1]0f1e"
    for action in ("CreateLogStream", "PutLogEvents"):
        yield Use(f"logs:{action}", stream)
    if configuration.get("TracingConfig", {}).get("Mode") == "Active":
        for action in ("PutTraceSegments", "PutTelemetryRecords"):
            yield Use(f"xray:{action}", "*")
    if letters := configuration.get("DeadLetterConfig", {}).get("TargetArn"):
        yield Use("sqs:SendMessage", letters)
    for source in sources:
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            yield Use(f"sqs:{action}", source)
