"""The kinds of resources that the local cloud has, by their Pulumi types."""

from collections.abc import Mapping

from infra.local.kinds.cloud import Function, Gateway, Runtime
from infra.local.kinds.kind import Kind

__all__ = ["KINDS", "Kind"]

KINDS: Mapping[str, Kind] = {
    "local:index:Runtime": Runtime(),
    "local:index:Function": Function(),
    "local:index:Gateway": Gateway(),
}
