"""What a function may do, from its grants: the policy of its role, and what its environment states.

grants → `allowed`, plain data → with the ARNs that resources have → an IAM policy's statements.
Exactly the actions that the adapters use, on exactly what is granted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from infra import granted, model
from infra.aws.names import Names

Statement = dict[str, Any]
"""One statement of an IAM policy."""

Known = Mapping[str, pulumi.Output[str]]

WILDCARDS: Final[Mapping[str, str]] = {
    "s3:GetObject": "a bucket's keys are made while the shop runs",
    "s3:PutObject": "a bucket's keys are made while the shop runs",
    "s3:DeleteObject": "a bucket's keys are made while the shop runs",
    "logs:CreateLogStream": "Lambda names the streams, one for each instance",
    "logs:PutLogEvents": "Lambda names the streams, one for each instance",
    "xray:PutTraceSegments": "X-Ray has no resource to name",
    "xray:PutTelemetryRecords": "X-Ray has no resource to name",
}
"""Every action that is allowed on a resource with `*` in its name, and why AWS needs it so."""

_ON_TABLE: Final = {
    "read": ("dynamodb:GetItem", "dynamodb:Query"),
    "write": ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
}
_ON_BLOBS: Final = {
    "read": ("s3:GetObject",),
    "write": ("s3:DeleteObject", "s3:PutObject"),
}
_CONSUME: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What AWS calls each thing, by the shop's own name for it: ARNs, and what adapters ask for.

    `bucket_urls` has the public ones alone.
    """

    tables: Known
    buckets: Known
    queues: Known
    secrets: Known
    bucket_names: Known
    bucket_urls: Known
    queue_urls: Known

    def arn(self, kind: model.ResourceKind, name: str) -> pulumi.Output[str]:
        """The ARN of the thing of this kind and name."""
        by_kind: Mapping[model.ResourceKind, Known] = {
            "table": self.tables,
            "bucket": self.buckets,
            "queue": self.queues,
            "secret": self.secrets,
        }
        return by_kind[kind][name]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Actions on one thing, or on what is in it: `suffixes` follow its ARN."""

    kind: model.ResourceKind
    name: str
    actions: tuple[str, ...]
    suffixes: tuple[str, ...] = ("",)


def allowed(platform: model.Platform, function: str) -> Iterator[Allowed]:
    """What this function may do: what it is granted, and to take what it consumes."""
    tables = {each.name: each for each in platform.tables}
    for grant in granted.grants(platform, function):
        match grant.kind:
            case "table":
                yield from _table(tables[grant.resource], grant)
            case "bucket":
                yield from _bucket(grant)
            case "queue":
                yield Allowed("queue", grant.resource, ("sqs:SendMessage",))
            case "secret":
                yield Allowed("secret", grant.resource, ("secretsmanager:GetSecretValue",))
    for queue in platform.queues:
        if queue.consumer == function:
            yield Allowed("queue", queue.name, _CONSUME)


def statements(
    platform: model.Platform, function: str, places: Places
) -> pulumi.Output[list[Statement]]:
    """What this function may do, as its role's policy states it; without logs and traces."""
    found = list(allowed(platform, function))
    arns = [places.arn(each.kind, each.name) for each in found]
    return pulumi.Output.all(*arns).apply(
        lambda known: [
            statement(each.actions, *(f"{arn}{suffix}" for suffix in each.suffixes))
            for each, arn in zip(found, known, strict=True)
        ]
    )


def statement(actions: tuple[str, ...], *resources: str) -> Statement:
    """These actions on these resources."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def environment(
    platform: model.Platform, function: model.Function, names: Names, places: Places
) -> pulumi.Output[dict[str, str]]:
    """The function's own variables, and those that state its grants."""
    wanted: dict[str, pulumi.Output[str]] = {}
    for grant in granted.grants(platform, function.name):
        name = grant.resource
        if grant.kind == "bucket":
            wanted[f"at {name}"] = places.bucket_names[name]
            if name in places.bucket_urls:
                wanted[f"url {name}"] = places.bucket_urls[name]
        elif grant.kind == "queue":
            wanted[f"queue {name}"] = places.queue_urls[name]

    def told(known: Mapping[str, str]) -> dict[str, str]:
        return variables(platform, function, names, known)

    # without any, there is nothing to wait for, and a preview shows it all
    return pulumi.Output.all(**wanted).apply(told) if wanted else pulumi.Output.from_input(told({}))


def variables(
    platform: model.Platform, function: model.Function, names: Names, known: Mapping[str, str]
) -> dict[str, str]:
    """The same as plain data.

    `known` has what AWS alone can tell: `at NAME` and `url NAME` of a bucket, `queue NAME`.
    """

    def where(grant: model.Grant) -> dict[str, Any]:
        return _where(platform, grant, names, known)

    stated = granted.environment(platform, function.name, "aws", where)
    return {**function.environment, **stated}


def _table(table: model.Table, grant: model.Grant) -> Iterator[Allowed]:
    actions = {each for action in grant.actions for each in _ON_TABLE[action]}
    if table.indexes and "read" in grant.actions:
        actions.remove("dynamodb:Query")
        indexes = (f"/index/{each.name}" for each in table.indexes)
        yield Allowed("table", table.name, ("dynamodb:Query",), ("", *indexes))
    yield Allowed("table", table.name, tuple(sorted(actions)))


def _bucket(grant: model.Grant) -> Iterator[Allowed]:
    actions = {each for action in grant.actions for each in _ON_BLOBS[action]}
    yield Allowed("bucket", grant.resource, tuple(sorted(actions)), ("/*",))
    if "read" in grant.actions:
        # who may not list is told 403 where a key is missing, as if it might not read it
        yield Allowed("bucket", grant.resource, ("s3:ListBucket",))


def _where(
    platform: model.Platform, grant: model.Grant, names: Names, known: Mapping[str, str]
) -> dict[str, Any]:
    name = grant.resource
    match grant.kind:
        case "table":
            keys = granted.keys({each.name: each for each in platform.tables}[name])
            return {"at": names.of(name), **keys}
        case "bucket":
            url = known.get(f"url {name}")
            return {"at": known[f"at {name}"], **({"url": url} if url else {})}
        case "queue":
            return {"at": known[f"queue {name}"]}
        case "secret":
            return {"at": names.secret(name)}
