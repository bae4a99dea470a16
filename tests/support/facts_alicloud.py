"""What Alibaba Cloud's resources say of the shop, read back by the names that the account has."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.facts import Fact, Kinds, of_variables

_TABLE = {"ots:GetRow": "read", "ots:PutRow": "write"}
_BUCKET = {"oss:GetObject": "read", "oss:PutObject": "write"}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CALLS = {"eventbridge": "queue", "timer": "schedule", "http": "http"}


def read(found: Kinds, stack: str, instance: str) -> set[Fact]:
    """The facts of a program of this stack, which has no domain."""
    return set(_Reader(found, f"shop-{stack}-", f"{instance}-").all())


class _Reader:
    def __init__(self, found: Kinds, prefix: str, world: str) -> None:
        self._found, self._prefix, self._world = found, prefix, world
        self._triggers = {
            kind: [
                {**each, "config": json.loads(each["triggerConfig"])}
                for each in found["V3Trigger"].values()
                if each["triggerType"] == kind
            ]
            for kind in _CALLS
        }
        self._held = {
            self._own(each["functionName"]): each["reservedConcurrency"]
            for each in found["V3ConcurrencyConfig"].values()
        }

    def all(self) -> Iterator[Fact]:
        yield from self._functions()
        yield from self._scheduled()
        yield from self._routes()
        yield from self._tables()
        yield from self._buckets()
        yield from self._queues()
        yield from self._schedules()
        for each in self._found["Policy"].values():
            function = self._own(each["policyName"])
            yield from self._grants(function, json.loads(each["policyDocument"]))

    def _own(self, called: str) -> str:
        """The shop's name in that of the account, in an ARN too."""
        return called.rpartition(self._prefix)[2].removesuffix("/messages")

    def _functions(self) -> Iterator[Fact]:
        trigger = {
            self._own(each["functionName"]): _CALLS[kind]
            for kind, triggers in self._triggers.items()
            for each in triggers
        }
        ready = {
            self._own(each["functionName"]): each["target"]
            for each in self._found.get("V3ProvisionConfig", {}).values()
        }
        for each in self._found["V3Function"].values():
            name = self._own(each["functionName"])
            yield "functions", name, "memory_mb", each["memorySize"]
            yield "functions", name, "timeout_s", each["timeout"]
            yield "functions", name, "min_instances", ready.get(name, 0)
            yield "functions", name, "max_instances", self._held[name]
            yield "functions", name, "trigger", trigger[name]
            yield from of_variables(name, each["environmentVariables"])

    def _scheduled(self) -> Iterator[Fact]:
        for each in self._found.get("V3ProvisionConfig", {}).values():
            function = self._own(each["functionName"])
            for action in each.get("scheduledActions", []):
                cron = _five_fields(action["scheduleExpression"])
                zone, ready = action.get("timeZone", "UTC"), action["target"]
                yield "functions", function, "scheduled", action["name"], cron, zone, ready

    def _routes(self) -> Iterator[Fact]:
        keys = {}
        for name, each in self._found["Api"].items():
            path = each["requestConfig"]["path"].replace("[", "{").replace("]", "}")
            keys[f"{name}-api"] = key = f"{each['requestConfig']['method']} {path}"
            host = each["fcServiceConfig"]["functionBaseUrl"].split("//")[1].split(".")[0]
            yield "routes", key, "function", self._own(host).rpartition("-")[0]
        for each in self._found["PluginAttachment"].values():
            plugin = self._found["Plugin"][each["pluginId"].removesuffix("-id")]
            if plugin["pluginType"] == "trafficControl":
                rate = json.loads(plugin["pluginData"])["apiDefault"]
                yield "throttle", keys[each["apiId"]], "rate", rate

    def _tables(self) -> Iterator[Fact]:
        sorted_by: dict[str, list[str]] = {}
        for each in self._found["Table"].values():
            columns = [key["name"] for key in each["primaryKeys"]]
            sorted_by[each["tableName"]] = columns
            yield "tables", each["tableName"], "key", (*columns, None)[:2]
            yield "tables", each["tableName"], "expiring", each["timeToLive"] > 0
        for each in self._found["SecondaryIndex"].values():
            table = each["tableName"]
            # the table's own key follows; a column that is in both stands once
            own = [c for c in sorted_by[table] if c in each["primaryKeys"][2:]]
            columns = [c for c in each["primaryKeys"] if c not in own]
            name = each["indexName"].removeprefix(f"{table}_")
            yield "tables", table, "index", name, (*columns, None)[:2]

    def _buckets(self) -> Iterator[Fact]:
        public = {
            each["bucket"]
            for each in self._found["BucketPublicAccessBlock"].values()
            if not each["blockPublicAccess"]
        }
        for each in self._found["Bucket"].values():
            rules = [rule for rule in each.get("lifecycleRules", []) if rule["id"] == "pending"]
            for rule in rules:  # that of packages has none
                (pending,) = rule["expirations"]
                name = each["bucket"].removeprefix(self._world)
                yield "buckets", name, "pending_days", pending["days"]
                yield "buckets", name, "public", each["bucket"] in public

    def _queues(self) -> Iterator[Fact]:
        for each in self._found["ServiceQueue"].values():
            name = self._own(each["queueName"])
            if "dlqPolicy" in each:  # not one of dead letters
                yield "queues", name, "visibility_s", each["visibilityTimeout"]
                yield "queues", name, "max_attempts", each["dlqPolicy"]["maxReceiveCount"]
        for each in self._triggers["eventbridge"]:
            source = each["config"]["eventSourceConfig"]["eventSourceParameters"]
            name = self._own(source["sourceMNSParameters"]["QueueName"])
            window = each["config"]["runOptions"]["batchWindow"]
            consumer = self._own(each["functionName"])
            yield "queues", name, "consumer", consumer
            yield "queues", name, "batch_size", window["CountBasedWindow"]
            yield "queues", name, "max_concurrency", self._held[consumer]

    def _schedules(self) -> Iterator[Fact]:
        for each in self._triggers["timer"]:
            name, every = each["triggerName"], each["config"]["cronExpression"]
            yield "schedules", name, "function", self._own(each["functionName"])
            minutes = int(every.removeprefix("@every ").removesuffix("m"))
            yield "schedules", name, "every_minutes", minutes

    def _grants(self, function: str, policy: dict[str, Any]) -> Iterator[Fact]:
        for statement in policy["Statement"]:
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    yield from self._grant(function, action, resource)

    def _grant(self, function: str, action: str, resource: str) -> Iterator[Fact]:
        here = ("grants", function)
        if action in _TABLE:
            yield *here, "table", resource.rpartition("/table/")[2], _TABLE[action]
        elif action in _BUCKET:
            bucket = resource.rpartition(self._world)[2].removesuffix("/*")
            yield *here, "bucket", bucket, _BUCKET[action]
        elif action == "mns:SendMessage" and self._own(resource) != "failed":
            yield *here, "queue", self._own(resource), "send"
        elif action == "oos:GetSecretParameter":
            yield *here, "secret", self._own(resource), "read"


def _five_fields(schedule: str) -> str:
    """`cron(0 5 7 * * MON,TUE)` as the platform has it, by numbers: `5 7 * * 1-2`."""
    second, *fields, weekday = schedule.removeprefix("cron(").removesuffix(")").split()
    assert second == "0"
    days = [_DAYS.index(day) for day in weekday.split(",")]
    assert days == list(range(days[0], days[-1] + 1))
    return f"{' '.join(fields)} {days[0]}-{days[-1]}"
