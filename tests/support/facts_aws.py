"""What AWS's resources say of the shop, read back by the names that the account has."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.facts import Fact, Kinds, of_variables

_TABLE = {"dynamodb:GetItem": "read", "dynamodb:PutItem": "write"}
_BUCKET = {"s3:GetObject": "read", "s3:PutObject": "write"}


def read(found: Kinds, stack: str) -> set[Fact]:
    """The facts of a program of this stack."""
    return set(_Reader(found, f"shop-{stack}-", f"shop/{stack}/").all())


class _Reader:
    def __init__(self, found: Kinds, prefix: str, secret: str) -> None:
        self._found, self._prefix, self._secret = found, prefix, secret

    def all(self) -> Iterator[Fact]:
        yield from self._functions()
        yield from self._scheduled()
        yield from self._routes()
        yield from self._tables()
        yield from self._buckets()
        yield from self._queues()
        yield from self._schedules()
        for each in self._found["RolePolicy"].values():
            yield from self._grants(self._own(each["role"]), json.loads(each["policy"]))

    def _own(self, called: str) -> str:
        """The shop's name in that of the account, at the end of an ARN too."""
        return called.rpartition(self._prefix)[2].removesuffix(":live")

    def _functions(self) -> Iterator[Fact]:
        consumed = {
            self._own(each["functionName"]): "queue"
            for each in self._found["EventSourceMapping"].values()
        }
        timed = {self._own(each["arn"]): "schedule" for each in self._found["EventTarget"].values()}
        ready = {
            self._own(each["functionName"]): each["provisionedConcurrentExecutions"]
            for each in self._found.get("ProvisionedConcurrencyConfig", {}).values()
        }
        for each in self._found["Function"].values():
            name = self._own(each["name"])
            yield "functions", name, "memory_mb", each["memorySize"]
            yield "functions", name, "timeout_s", each["timeout"]
            yield "functions", name, "min_instances", ready.get(name, 0)
            yield "functions", name, "max_instances", each["reservedConcurrentExecutions"]
            yield "functions", name, "trigger", {**consumed, **timed}.get(name, "http")
            yield from of_variables(name, each["environment"]["variables"])

    def _scheduled(self) -> Iterator[Fact]:
        for each in self._found.get("ScheduledAction", {}).values():
            function = self._own(each["resourceId"])
            name = self._own(each["name"]).removeprefix(f"{function}-")
            ready = each["scalableTargetAction"]["minCapacity"]
            cron = _five_fields(each["schedule"])
            yield "functions", function, "scheduled", name, cron, each["timezone"], ready

    def _routes(self) -> Iterator[Fact]:
        targets = {
            f"integrations/{name}-id": each["integrationUri"].removesuffix("/invocations")
            for name, each in self._found["Integration"].items()
        }
        for each in self._found["Route"].values():
            yield "routes", each["routeKey"], "function", self._own(targets[each["target"]])
        (stage,) = self._found["Stage"].values()
        for each in stage["routeSettings"]:
            yield "throttle", each["routeKey"], "rate", each["throttlingRateLimit"]
            yield "throttle", each["routeKey"], "burst", each["throttlingBurstLimit"]

    def _tables(self) -> Iterator[Fact]:
        for each in self._found["Table"].values():
            name, caps = self._own(each["name"]), each.get("onDemandThroughput", {})
            yield "tables", name, "key", (each["hashKey"], each.get("rangeKey"))
            yield "tables", name, "expiring", "ttl" in each
            yield "tables", name, "max_reads", caps.get("maxReadRequestUnits")
            yield "tables", name, "max_writes", caps.get("maxWriteRequestUnits")
            for index in each.get("globalSecondaryIndexes", []):
                columns: list[str | None] = [key["attributeName"] for key in index["keySchemas"]]
                yield "tables", name, "index", index["name"], (*columns, None)[:2]

    def _buckets(self) -> Iterator[Fact]:
        public = {self._own(each["comment"]) for each in self._found["Distribution"].values()}
        for each in self._found["BucketLifecycleConfiguration"].values():
            (pending,) = [rule for rule in each["rules"] if rule["id"] == "pending"]
            name = self._bucket(each["bucket"])
            yield "buckets", name, "pending_days", pending["expiration"]["days"]
            yield "buckets", name, "public", name in public

    def _bucket(self, called: str) -> str:
        return self._own(called).rpartition("-")[0]

    def _queues(self) -> Iterator[Fact]:
        for each in self._found["Queue"].values():
            name = self._own(each["name"])
            if "redrivePolicy" in each:  # not one of dead letters
                attempts = json.loads(each["redrivePolicy"])["maxReceiveCount"]
                yield "queues", name, "visibility_s", each["visibilityTimeoutSeconds"]
                yield "queues", name, "max_attempts", attempts
        for each in self._found["EventSourceMapping"].values():
            name = self._own(each["eventSourceArn"])
            yield "queues", name, "consumer", self._own(each["functionName"])
            yield "queues", name, "batch_size", each["batchSize"]
            yield "queues", name, "max_concurrency", each["scalingConfig"]["maximumConcurrency"]

    def _schedules(self) -> Iterator[Fact]:
        for each in self._found["EventRule"].values():
            words = each["scheduleExpression"].removeprefix("rate(").split()
            yield "schedules", self._own(each["name"]), "every_minutes", int(words[0])
        for each in self._found["EventTarget"].values():
            yield "schedules", self._own(each["rule"]), "function", self._own(each["arn"])

    def _grants(self, function: str, policy: dict[str, Any]) -> Iterator[Fact]:
        for statement in policy["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield from self._grant(function, action, resource)

    def _grant(self, function: str, action: str, resource: str) -> Iterator[Fact]:
        here = ("grants", function)
        if action in _TABLE:
            yield *here, "table", self._own(resource), _TABLE[action]
        elif action in _BUCKET:
            yield *here, "bucket", self._bucket(resource.removesuffix("/*")), _BUCKET[action]
        elif action == "sqs:SendMessage" and self._own(resource) != "failed":
            yield *here, "queue", self._own(resource), "send"
        elif action == "secretsmanager:GetSecretValue":
            called = resource.rpartition(self._secret)[2]
            yield *here, "secret", called.rpartition("-")[0], "read"  # AWS puts letters behind it


def _five_fields(schedule: str) -> str:
    """`cron(5 7 ? * 2-6 *)` as the platform has it, whose week begins with 0: `5 7 * * 1-5`."""
    *fields, weekday, _ = schedule.removeprefix("cron(").removesuffix(")").split()
    days = "-".join(str(int(day) - 1) for day in weekday.split("-"))
    return " ".join([*fields, days]).replace("?", "*")
