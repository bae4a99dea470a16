"""Our local cloud for a measurement: the product's own supervisor, in a root of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from infra import shop
from infra.local import apart, plan
from infra.local.places import Places
from infra.model import Platform
from infra.packages.pins import CONSTRAINTS
from infra.settings import Settings
from infra.settings_local import Local

WORKERS = 2
NAME = "health"
_QUEUE_MS = 5000


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
        settings = settings.model_copy(update={"port": port})
        with apart.running(root, platform, settings) as running:
            yield cls(running.places, port, running.supervisor)


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


def health_alone(workers: int | None = WORKERS, handler: str | None = None) -> Platform:
    """`GET /health` with so many workers, or with None as few or many as its own scaling allows.

    Calls wait for an instance, since the load is more than the shop lets run at once. `handler`
    answers in place of the shop's, as a dotted path.
    """
    platform = shop.platform(Settings(target="local"), plan.LOCAL_STACK)
    (health,) = (each for each in platform.functions if each.name == NAME)
    scaling = health.scaling
    if workers is not None:
        scaling = replace(scaling, min_instances=workers, max_instances=workers)
    return Platform(
        stack=platform.stack,
        functions=(replace(health, handler=handler, scaling=replace(scaling, queue_ms=_QUEUE_MS)),),
        routes=tuple(each for each in platform.routes if each.function == NAME),
    )
