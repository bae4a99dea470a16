"""The local cloud's resources as a Pulumi program declares them: a name, inputs, and options.

`kinds` says what each of them accepts, `provider.py` what becomes of it.
"""

from collections.abc import Mapping
from typing import Any

import pulumi


class Runtime(pulumi.CustomResource):
    """The supervisor of this clone's local cloud."""

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("local:index:Runtime", name, inputs, opts)


class Function(pulumi.CustomResource):
    """One function, its code and its limits."""

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("local:index:Function", name, inputs, opts)


class Gateway(pulumi.CustomResource):
    """The address that answers, and its route table."""

    url: pulumi.Output[str]

    def __init__(
        self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("local:index:Gateway", name, {"url": None, **inputs}, opts)
