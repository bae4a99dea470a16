"""The kinds of resources that the local cloud has, by their Pulumi types."""

from collections.abc import Mapping

from infra.local.kinds.cloud import Function, Gateway, Runtime
from infra.local.kinds.kind import Kind
from infra.local.kinds.queues import Queue
from infra.local.kinds.schedules import Schedule
from infra.local.kinds.storage import Storage
from infra.local.kinds.stores import Bucket, Table

__all__ = ["KINDS", "Kind"]

KINDS: Mapping[str, Kind] = {
    "local:index:Runtime": Runtime(),
    "local:index:Function": Function(),
    "local:index:Gateway": Gateway(),
    "local:index:Table": Table(),
    "local:index:Bucket": Bucket(),
    "local:index:Storage": Storage(),
    "local:index:Queue": Queue(),
    "local:index:Schedule": Schedule(),
}
