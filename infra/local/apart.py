"""A local cloud in a folder of its own, for a command that needs one: without the engine.

The same plan that `pulumi up` carries out, by the same hands, beside whatever else runs here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.errors import PlatformError
from infra.local import launch, plan
from infra.local.kinds import KINDS
from infra.local.places import Places
from infra.model import Platform
from infra.settings_local import Local


@dataclass(frozen=True, slots=True)
class Running:
    """A local cloud: where it is, and its supervisor's process id."""

    places: Places
    supervisor: int


@contextmanager
def running(root: Path, platform: Platform, settings: Local) -> Iterator[Running]:
    """The platform, served from `root`, which holds app/; it ends in the end. Raises PlatformError.

    `settings` should name ports that are free: those of a folder are made of its path.
    """
    places = Places(root)
    config = plan.LocalConfig(root=root, settings=settings)
    try:
        for each in plan.plan(platform, config):  # as `pulumi up` would, in its order
            runtime = {"runtime": "apart"} if each.on_runtime else {}
            KINDS[f"local:index:{each.kind}"].create(places, {**each.inputs, **runtime})
        supervisor = launch.holder(places)
        if supervisor is None:
            raise PlatformError("the local cloud ended while it was set up\n→ run it again")
        yield Running(places, supervisor)
    finally:
        launch.end(places)
