"""Our local cloud for a measurement: the product's own supervisor, in a root of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from infra import shop
from infra.errors import PlatformError
from infra.local import launch, plan
from infra.local.kinds import KINDS
from infra.local.places import Places
from infra.model import Platform, Scaling
from infra.packages.pins import CONSTRAINTS
from infra.settings import Settings
from infra.settings_local import Local

WORKERS = 2
NAME = "health"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A supervisor that serves a platform."""

    places: Places
    port: int
    supervisor: int

    @classmethod
    @contextmanager
    def open(cls, root: Path, platform: Platform, settings: Local, port: int) -> Iterator[Self]:
        """Start it in `root`, which holds app/, and end it in the end."""
        places = Places(root)
        config = plan.LocalConfig(
            root=root,
            settings=settings.model_copy(update={"port": port, "keep_alive_s": 600}),
        )
        try:
            for each in plan.plan(platform, config):  # as `pulumi up` would, in its order
                runtime = {"runtime": "bench"} if each.on_runtime else {}
                KINDS[f"local:index:{each.kind}"].create(places, {**each.inputs, **runtime})
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


def checkout_in(checkout: Path, folder: Path) -> Path:
    """A copy of all that packages are built from and that Pulumi runs; made once in `folder`."""
    root = folder / "checkout"
    if not root.exists():
        copied(checkout, root)
        for name in ("bench", "stacks"):
            shutil.copytree(checkout / name, root / name)
        for name in ("pyproject.toml", CONSTRAINTS):
            (root / name).parent.mkdir(exist_ok=True)
            shutil.copy(checkout / name, root / name)
    return root


def health_alone() -> Platform:
    """`GET /health` with two workers, which are there when memory is read."""
    platform = shop.platform(Settings(target="local"), plan.LOCAL_STACK)
    scaling = Scaling(min_instances=WORKERS, max_instances=WORKERS, queue_ms=5000)
    return Platform(
        stack=platform.stack,
        functions=tuple(
            replace(each, scaling=scaling) for each in platform.functions if each.name == NAME
        ),
        routes=tuple(each for each in platform.routes if each.function == NAME),
    )
