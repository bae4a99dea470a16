"""The local cloud's resources as a Pulumi program declares them: a name, inputs, and options.

`kinds` says what each of them accepts, `provider.py` what becomes of it.
"""

from collections.abc import Mapping
from typing import Any

import pulumi


class _Local(pulumi.CustomResource):
    """A resource whose type is its class's name."""

    outputs: tuple[str, ...] = ()

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        given = {**dict.fromkeys(self.outputs), **inputs}
        super().__init__(f"local:index:{type(self).__name__}", name, given, opts)


class Runtime(_Local):
    """The supervisor of this clone's local cloud."""


class Table(_Local):
    """A table: its name, its key and its indexes."""


class Bucket(_Local):
    """A bucket: its name."""


class Storage(_Local):
    """The address that serves the buckets' signed addresses."""

    outputs = ("url",)
    url: pulumi.Output[str]


class Queue(_Local):
    """A queue and how it calls its consumer."""


class Function(_Local):
    """One function, its code and its limits."""


class Schedule(_Local):
    """When a function runs by the clock."""


class Gateway(_Local):
    """The address that answers, and its route table."""

    outputs = ("url",)
    url: pulumi.Output[str]


BY_KIND: Mapping[str, type[_Local]] = {
    each.__name__: each
    for each in (Runtime, Table, Bucket, Storage, Queue, Function, Schedule, Gateway)
}
