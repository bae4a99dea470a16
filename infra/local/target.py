"""The local target: a plan as Pulumi resources of this machine's local cloud."""

from typing import Any, cast

import pulumi

from infra import model
from infra.local import plan, resources
from infra.local.plan import LocalConfig

__all__ = ["LocalConfig", "LocalTarget"]


class LocalTarget(pulumi.ComponentResource):
    """The whole platform on this machine. `resources` has each raw resource by its planned name.

    It owns no data: a destroy ends processes and leaves `.shop/` as it is.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        config: LocalConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        planned = plan.plan(platform, config)  # all of it, before the first resource is declared
        super().__init__("shop:local:Target", name, None, opts)
        self.resources: dict[str, pulumi.CustomResource] = {}
        for each in planned:
            inputs: dict[str, Any] = dict(each.inputs)
            if each.on_runtime:
                inputs["runtime"] = self.resources["runtime"].id
            after = [self.resources[before] for before in each.after]
            options = pulumi.ResourceOptions(parent=self, depends_on=after)
            self.resources[each.name] = resources.BY_KIND[each.kind](each.name, inputs, options)
        self.url = cast("resources.Gateway", self.resources["gateway"]).url
        self.register_outputs({"url": self.url})
