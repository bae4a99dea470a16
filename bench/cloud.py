"""Our local cloud for a measurement: the product's own supervisor, in a root of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from infra import bundle, shop
from infra.errors import PlatformError
from infra.local import launch
from infra.local.kinds import KINDS
from infra.local.places import Places
from infra.local.target import BODY_LIMIT
from infra.model import Provider

WORKERS = 2
NAME = "health"
ENVIRONMENT = {"SHOP_STACK": "local", "SHOP_HANDLER": NAME}


@dataclass(frozen=True, slots=True)
class Cloud:
    """A supervisor that serves `GET /health` with two workers."""

    places: Places
    port: int
    supervisor: int

    @classmethod
    @contextmanager
    def open(cls, root: Path, emulate: Provider, port: int) -> Iterator[Self]:
        """Start it in `root`, which holds app/, and end it in the end."""
        places = Places(root)
        try:
            for kind, inputs in _resources(root, emulate, port):
                KINDS[f"local:index:{kind}"].create(places, inputs)
            supervisor = launch.holder(places)
            if supervisor is None:
                raise PlatformError("the local cloud ended while it was set up")
            yield cls(places, port, supervisor)
        finally:
            launch.end(places)


def copied(checkout: Path, root: Path) -> None:
    """The sources of a checkout in another folder, for a cloud of its own there."""
    skipped = shutil.ignore_patterns("__pycache__")
    for name in ("app", "infra"):
        shutil.copytree(checkout / name, root / name, ignore=skipped)


def _resources(root: Path, emulate: Provider, port: int) -> list[tuple[str, dict[str, Any]]]:
    """What `pulumi up` would put, in its order."""
    function = next(each for each in shop.FUNCTIONS if each.name == NAME)
    code = bundle.bundle(root, function, emulate)
    return [
        ("Runtime", {"release": launch.release(), "keep_alive_s": 600, "log_max_mb": 16}),
        (
            "Function",
            {
                "runtime": "bench",
                "source": str(root),
                "modules": list(bundle.entry_modules(function, emulate)),
                "name": NAME,
                "emulate": emulate,
                "handler": code.handler,
                "fingerprint": code.fingerprint,
                "memory_mb": function.memory_mb,
                "timeout_s": function.timeout_s,
                "min_instances": WORKERS,  # both are there when memory is read
                "max_instances": WORKERS,
                "queue_ms": 5000,
                "environment": ENVIRONMENT,
            },
        ),
        (
            "Gateway",
            {
                "runtime": "bench",
                "port": port,
                "emulate": emulate,
                "body_limit": BODY_LIMIT,
                "routes": {f"GET /{NAME}": NAME},
            },
        ),
    ]
