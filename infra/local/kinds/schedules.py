"""Schedules: what the supervisor runs by the clock."""

from collections.abc import Mapping

from infra.errors import PlatformError
from infra.local.client import RefusedByCloudError, ask
from infra.local.kinds.kind import Named, Plain, describe, only, without
from infra.local.places import Places
from infra.local.runtime.schedule_spec import ScheduleSpec
from infra.local.runtime.specs import Rule, text


class Schedule(Named):
    """One schedule. Its last run is not part of it: that is for `make schedule` to show."""

    _own: Mapping[str, Rule] = {"runtime": text}
    rules: Mapping[str, Rule] = {**_own, **ScheduleSpec.RULES}
    replacing = frozenset({"runtime", "name"})

    def create(self, places: Places, inputs: Plain) -> None:
        """Run by it from now on."""
        try:
            ask(places, "put_schedule", spec=without(inputs, self._own))
        except RefusedByCloudError as error:
            raise PlatformError(
                f"schedule {inputs['name']}: {error}\n  nothing of it was changed"
            ) from error

    change = create

    def find(self, places: Places, old: Plain) -> Plain | None:
        """What the supervisor runs under this name."""
        running = describe(places)
        if running is None or old["name"] not in running["schedules"]:
            return None
        found = running["schedules"][old["name"]]
        return {**only(old, self._own), **{name: found[name] for name in ScheduleSpec.RULES}}

    def delete(self, places: Places, old: Plain) -> None:
        """Run by it no more; what is under way goes on."""
        if describe(places) is not None:
            ask(places, "delete_schedule", name=old["name"])
