"""Queues: files below `.shop/data` that outlive everything, and what consumes them."""

from collections.abc import Mapping
from pathlib import Path

from infra.errors import PlatformError
from infra.local.client import RefusedByCloudError, ask
from infra.local.kinds.kind import Named, Plain, describe, only, without
from infra.local.places import Places, private_folder
from infra.local.runtime.queue_spec import QueueSpec
from infra.local.runtime.specs import Rule, text


class Queue(Named):
    """One queue and its consumer. Its messages are kept when it goes, and found when it returns."""

    _own: Mapping[str, Rule] = {"runtime": text}
    rules: Mapping[str, Rule] = {
        **_own,
        **{name: rule for name, rule in QueueSpec.RULES.items() if name != "file"},
    }
    replacing = frozenset({"runtime", "name"})

    def create(self, places: Places, inputs: Plain) -> None:
        """Have the supervisor consume it; the file is made now, so that functions can send."""
        folder = places.data / "queues"
        private_folder(folder)
        file = folder / f"{inputs['name']}.db"
        try:
            ask(places, "put_queue", spec={**without(inputs, self._own), "file": str(file)})
        except RefusedByCloudError as error:
            raise PlatformError(
                f"queue {inputs['name']}: {error}\n  nothing of it was changed, no message is lost"
            ) from error

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What is consumed under this name."""
        running = describe(places)
        if running is None or old["name"] not in running["queues"]:
            return None
        spec = running["queues"][old["name"]]
        if not Path(spec["file"]).exists():
            return None  # nobody can send to it
        return {**only(old, self._own), **{name: v for name, v in spec.items() if name != "file"}}

    def delete(self, places: Places, old: Plain) -> None:
        """Consume it no more, once the batches under way are done."""
        if describe(places) is not None:
            ask(places, "delete_queue", name=old["name"])
