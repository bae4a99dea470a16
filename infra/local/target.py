"""The local target: a platform as resources of this machine's local cloud.

runtime → functions → gateway, each after the one before, and down again in reverse. The target owns
no data: a destroy ends processes and leaves `.shop/` as it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from infra import bundle, model
from infra.errors import Problem, Refused
from infra.local import launch
from infra.local.places import Places
from infra.local.resources import Function, Gateway, Runtime
from infra.settings import Local

BODY_LIMIT = 256 * 1024
LOCAL_STACK = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalConfig:
    """What the target needs besides the platform: the clone's folder and the local settings."""

    root: Path
    settings: Local


def refuse_foreign(platform: model.Platform, source: str) -> None:
    """Refuse what the local cloud cannot run, naming `source`. Raises Refused with all of it."""
    problems = [
        Problem(
            f"{kind}.{each.name}",
            "",
            f"the local cloud of this version runs no {kind}",
            "remove it",
        )
        for kind in ("tables", "buckets", "queues", "schedules")
        for each in getattr(platform, kind)
    ]
    if platform.stack != LOCAL_STACK:
        problems.append(
            Problem(
                "target",
                "local",
                f"a checkout has one local cloud, and it is that of the stack {LOCAL_STACK}",
                f"use the stack {LOCAL_STACK}, or another checkout",
            )
        )
    if problems:
        raise Refused(source, problems)


def bundles(platform: model.Platform, config: LocalConfig) -> dict[str, bundle.Bundle]:
    """The code of each function, by its name. Raises Refused with every one that has none."""
    cache = bundle.SourceCache()
    found: dict[str, bundle.Bundle] = {}
    problems: dict[Problem, None] = {}  # a file that two functions need is told once
    for each in platform.functions:
        try:
            found[each.name] = bundle.bundle(config.root, each, config.settings.emulate, cache)
        except bundle.BundleError as error:
            problems[error.problem] = None
    if problems:
        raise Refused("app/", problems)
    return found


class LocalTarget(pulumi.ComponentResource):
    """The whole platform on this machine. `runtime`, `functions` and `gateway` are its parts.

    It owns no tables, buckets, queues or schedules: see `refuse_foreign`.
    """

    def __init__(
        self,
        name: str,
        platform: model.Platform,
        config: LocalConfig,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        code = bundles(platform, config)  # all of it, before the first resource is declared
        super().__init__("shop:local:Target", name, None, opts)
        places = Places(config.root)
        settings = config.settings
        child = pulumi.ResourceOptions(parent=self)
        self.runtime = Runtime(
            "runtime",
            {
                "release": launch.release(),
                "keep_alive_s": settings.keep_alive_s,
                "log_max_mb": settings.log_max_mb,
            },
            child,
        )
        self.functions = {
            each.name: Function(each.name, self._function(each, config, code[each.name]), child)
            for each in platform.functions
        }
        self.gateway = Gateway(
            "gateway",
            {
                "runtime": self.runtime.id,
                "port": places.port if settings.port == "auto" else settings.port,
                "emulate": settings.emulate,
                "body_limit": BODY_LIMIT,
                "routes": {route.key: route.function for route in platform.routes},
            },
            pulumi.ResourceOptions(parent=self, depends_on=list(self.functions.values())),
        )
        self.url = self.gateway.url
        self.register_outputs({"url": self.url})

    def _function(
        self, function: model.Function, config: LocalConfig, code: bundle.Bundle
    ) -> dict[str, Any]:
        emulate = config.settings.emulate
        return {
            "runtime": self.runtime.id,
            "name": function.name,
            "emulate": emulate,
            "handler": code.handler,
            "source": str(config.root),
            "modules": list(bundle.entry_modules(function, emulate)),
            "fingerprint": code.fingerprint,
            "memory_mb": function.memory_mb,
            "timeout_s": function.timeout_s,
            "min_instances": function.scaling.min_instances,
            "max_instances": function.scaling.max_instances,
            "queue_ms": function.scaling.queue_ms,
            "environment": dict(function.environment),
        }
