"""What a function may do, from its grants: the policy of its role, and what its environment states.

grants → the statements of a RAM policy, on the ARNs that names make. Exactly the actions that the
adapters use, on exactly what is granted. A queue's consumer needs none for that queue: EventBridge
takes the messages in its own name.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra import granted, model
from infra.alicloud.places import Places

Statement = dict[str, Any]
"""One statement of a RAM policy."""

ADAPTERS: Final = "alicloud"
TABLESTORE: Final = "SHOP_TABLESTORE"
"""Where all tables of a function are: endpoint and instance, once, since 4 KB is all there is."""
LONGEST_POLICY: Final = 6144
"""Bytes that RAM takes of a policy."""

WILDCARDS: Final[Mapping[str, str]] = {
    "oss:GetObject": "a bucket's keys are made while the shop runs",
    "oss:PutObject": "a bucket's keys are made while the shop runs",
    "oss:DeleteObject": "a bucket's keys are made while the shop runs",
    "oss:ListObjects": "a bucket's name is the world's only, so it has neither region nor account",
    "kms:GetSecretValue": "OOS keeps a parameter's value in KMS under a name around its own",
}
"""Every action that is allowed on a resource with `*` in its name, and why it has to be so."""

_READ_ROW: Final = "ots:GetRow"
_READ_ROWS: Final = "ots:GetRange"
_READ_FOUND: Final = "ots:BatchGetRow"  # what an index found is read from the table
_WRITE: Final = ("ots:DeleteRow", "ots:PutRow", "ots:UpdateRow")
_ON_BLOBS: Final = {
    "read": ("oss:GetObject",),
    "write": ("oss:DeleteObject", "oss:PutObject"),
}


def policy(
    platform: model.Platform, function: str, places: Places, *, logs: str, failed: str | None
) -> str:
    """The whole policy of a function's role, as RAM takes it.

    `logs` is the log store that Function Compute writes to in the function's name, `failed` the
    queue, by its name in the account, that takes the calls that nobody waits for and that fail.
    """
    found = list(statements(platform, function, places))
    found.append(statement(("log:PostLogStoreLogs",), places.logs(logs)))
    if failed is not None:
        found.append(statement(("mns:SendMessage",), places.messages(failed)))
    return granted.compact({"Version": "1", "Statement": found})


def statements(platform: model.Platform, function: str, places: Places) -> Iterator[Statement]:
    """What this function's grants allow; without what Function Compute does in its name."""
    tables = {each.name: each for each in platform.tables}
    for grant in granted.grants(platform, function):
        name = grant.resource
        match grant.kind:
            case "table":
                yield from _table(tables[name], grant, places)
            case "bucket":
                actions = {each for action in grant.actions for each in _ON_BLOBS[action]}
                yield statement(tuple(sorted(actions)), f"{places.bucket(name)}/*")
                if "read" in grant.actions:
                    # who may not list is told 403 where a key is missing, as if it might not read
                    yield statement(("oss:ListObjects",), places.bucket(name))
            case "queue":
                yield statement(("mns:SendMessage",), places.messages(places.names.of(name)))
            case "secret":
                yield statement(("oos:GetSecretParameter",), places.secret(name))
                yield statement(("kms:GetSecretValue",), places.secret_value(name))


def statement(actions: tuple[str, ...], *resources: str) -> Statement:
    """These actions on these resources."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def variables(
    platform: model.Platform,
    function: model.Function,
    places: Places,
    bucket_urls: Mapping[str, str],
) -> dict[str, str]:
    """The function's own variables, and those that state its grants.

    `bucket_urls` are the domains at which browsers reach single buckets, by the buckets' names.
    """

    def where(grant: model.Grant) -> dict[str, Any]:
        return _where(platform, grant, places, bucket_urls)

    stated = granted.environment(platform, function.name, ADAPTERS, where)
    if any(each.kind == "table" for each in granted.grants(platform, function.name)):
        known = {"endpoint": places.tables_endpoint, "instance": places.names.instance}
        stated[TABLESTORE] = granted.compact(known)
    return {**function.environment, **stated}


def _table(table: model.Table, grant: model.Grant, places: Places) -> Iterator[Statement]:
    actions = list(_WRITE if "write" in grant.actions else ())
    if "read" in grant.actions:
        actions.append(_READ_ROW)
        if table.sort is not None:
            actions.append(_READ_ROWS)
        if table.indexes:
            actions.append(_READ_FOUND)
            indexes = (places.names.index(table.name, each.name) for each in table.indexes)
            yield statement((_READ_ROWS,), *map(places.table, indexes))
    yield statement(tuple(sorted(actions)), places.table(table.name))


def _where(
    platform: model.Platform,
    grant: model.Grant,
    places: Places,
    bucket_urls: Mapping[str, str],
) -> dict[str, Any]:
    name = grant.resource
    match grant.kind:
        case "table":
            return {"at": name, **granted.keys({e.name: e for e in platform.tables}[name])}
        case "bucket":
            url, public = bucket_urls.get(name), {e.name: e.public for e in platform.buckets}[name]
            return {
                "at": places.names.bucket(name),
                "endpoint": places.buckets_endpoint,
                "region": places.region,
                **({"url": url} if url else {}),
                **({"public": True} if public else {}),
            }
        case "queue":
            return {"at": places.names.of(name), "endpoint": places.queues_endpoint}
        case "secret":
            return {"at": places.names.of(name)}
