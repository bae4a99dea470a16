"""The functions of a stack, packed for this machine and run beside the moto that it is deployed to.

Each is built by the code that packs it for the cloud and gets the variables that the stack gave it;
in the end its role, as it is deployed, is held against all that it asked of boto3.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from app.adapters.aws.blobs import S3Bucket
from app.adapters.aws.tables import DynamoTable
from app.adapters.common.tables import schema_of
from infra.bundles import bundles
from infra.model import Platform
from infra.packages.build import Package, build
from infra.packages.runtime import LAMBDA, host
from infra.packages.tools import this_machine
from tests.support.aws_calls import Account, Call, by_lambda
from tests.support.aws_deployed import Deployed
from tests.support.aws_events import http_event, queue_event, schedule_event
from tests.support.aws_runtime import PRELUDE, shipped
from tests.support.function_process import Answer, FunctionProcess, foreign, running
from tests.support.moto import REGION
from tests.support.role_policies import Judged, Rule, Use
from tests.support.walk import NONE

_KINDS = {"dynamodb": "table", "s3": "bucket", "sqs": "queue", "secretsmanager": "secret"}
_AROUND = re.compile(r"^table/|^shop[-/][a-z]+-[a-z]+[-/]|-[0-9a-f]{7}(?=/|$)|/index/.*|/\*$")
_MAY = {
    **dict.fromkeys(("GetItem", "Query", "GetObject", "ListBucket", "GetSecretValue"), "read"),
    **dict.fromkeys(("PutItem", "UpdateItem", "DeleteItem", "PutObject", "DeleteObject"), "write"),
    "SendMessage": "send",
}


@dataclass(frozen=True, slots=True)
class Packed:
    """The functions by their names, those of queues by these, and what is deployed of them."""

    deployed: Deployed
    functions: Mapping[str, FunctionProcess]
    consumers: Mapping[str, str]
    packages: Mapping[str, Package]
    runtime: Path

    def log(self, function: str) -> str:
        """What the function wrote to its log."""
        return (self.runtime.parent / f"{function}.log").read_text(encoding="utf-8")

    def variables(self, function: str) -> Mapping[str, str]:
        """What the stack put into the function's environment."""
        found: Mapping[str, str] = self.deployed.configurations[function]["Environment"][
            "Variables"
        ]
        return found

    def imported_elsewhere(self) -> set[str]:
        """What any of them imported from neither its package, the runtime's boto3 nor Python."""
        return {
            file
            for name, function in self.functions.items()
            for file in foreign(function.files, self.packages[name].folder, self.runtime)
        }

    def ask(
        self,
        function: str,
        route: str,
        body: object = None,
        *,
        headers: Mapping[str, str] = NONE,
        query: Mapping[str, str] = NONE,
        of: Mapping[str, str] = NONE,
    ) -> Answer:
        """What the function answers to a request."""
        return self.functions[function].ask(http_event(route, body, headers, query, of))

    def table(self, name: str) -> DynamoTable:
        """A table, whatever is granted."""
        stated = self._stated("SHOP_TABLES", name)
        return DynamoTable(
            stated["at"], schema_of(stated), lambda: self.deployed.client("dynamodb")
        )

    def bucket(self, name: str) -> S3Bucket:
        """A bucket, whatever is granted."""
        at = self._stated("SHOP_BUCKETS", name)["at"]
        return S3Bucket(name, at, lambda: self.deployed.client("s3"))

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        at = self._stated("SHOP_TABLES", table)["at"]
        return int(self.deployed.client("dynamodb").scan(TableName=at)["Count"])

    def published(self, url: str) -> bytes:
        """What anyone gets from CloudFront, for which its bucket is asked here."""
        for name, stated in json.loads(self.variables("admin")["SHOP_BUCKETS"]).items():
            if url.startswith(f"{stated['url']}/"):
                return self.bucket(name).get(unquote(urlsplit(url).path.removeprefix("/")))
        raise KeyError(url)

    def taken(self, queue: str) -> list[str]:
        """Take the messages out of a queue; their bodies."""
        return [each["Body"] for _, batch in self._batches(queue) for each in batch]

    def deliver(self, queue: str) -> int:
        """Hand a queue's messages to their consumer, twice, as SQS may; how many there were."""
        consumer = self.functions[self.consumers[queue]]
        count = 0
        for source, batch in self._batches(queue):
            for _ in range(2):
                assert consumer.invoke(queue_event(batch, source)) == {"batchItemFailures": []}
            count += len(batch)
        return count

    def _batches(self, queue: str) -> Iterator[tuple[str, list[Any]]]:
        """What is in a queue, by its ARN; what was looked at is deleted."""
        sqs = self.deployed.client("sqs")
        url = self._stated("SHOP_QUEUES", queue)["at"]
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        while found := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=1
        ).get("Messages", []):
            yield told["QueueArn"], found
            for each in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])

    def tick(self, schedule: str) -> None:
        """Have a schedule be due, whose function has its name."""
        self.functions[schedule].invoke(schedule_event(self.deployed.schedules[schedule]))

    def judged(self) -> Judged:
        """What the functions did until now, and their roles as they are deployed."""
        return Judged(self.deployed.rules, dict(self._uses()))

    def _stated(self, variable: str, name: str) -> Any:
        """What the functions that use it are told of it."""
        stated = (
            json.loads(self.variables(each).get(variable, "{}")).get(name)
            for each in self.functions
        )
        return next(each for each in stated if each is not None)

    def _uses(self) -> Iterator[tuple[str, set[Use]]]:
        for name, function in self.functions.items():
            configuration = self.deployed.configurations[name]
            number = configuration["FunctionArn"].split(":")[4]
            account = Account(number, REGION, self.deployed.secrets)
            uses = {use for call in function.calls for use in account.uses(Call(**call))}
            yield name, uses | set(by_lambda(configuration, self.deployed.sources[name]))


def grant_of(rule: Rule) -> tuple[str, str]:
    """What the shop's page grants for a rule: what it may, and on what, as `table users`."""
    service, _, action = rule.action.partition(":")
    shown = rule.resource.rpartition(":")[2]
    while shown != (inner := _AROUND.sub("", shown)):
        shown = inner
    return _MAY.get(action, rule.action), f"{_KINDS.get(service, service)} {shown}"


@contextmanager
def packed(deployed: Deployed, root: Path, platform: Platform, folder: Path) -> Iterator[Packed]:
    """All functions of the platform, each in a process of its own; afterwards they are gone.

    `root` is the checkout that they are packed from.
    """
    packages = build(root, bundles(root, platform, "aws", "aws"), host(LAMBDA), this_machine())
    runtime = shipped(folder / "runtime")
    with ExitStack() as opened:
        functions = {
            name: opened.enter_context(
                running(
                    PRELUDE,
                    package.folder,
                    deployed.configurations[name]["Handler"],
                    {
                        **deployed.moto.environment(),
                        "AWS_LAMBDA_FUNCTION_NAME": deployed.configurations[name]["FunctionName"],
                        **deployed.configurations[name]["Environment"]["Variables"],
                    },
                    runtime,
                    folder / f"{name}.log",
                )
            )
            for name, package in packages.items()
        }
        consumers = {each.name: each.consumer for each in platform.queues}
        yield Packed(deployed, functions, consumers, packages, runtime)
