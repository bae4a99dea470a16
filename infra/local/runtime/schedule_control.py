"""What can be asked of the schedules over the control socket."""

from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.runtime.schedule_spec import ScheduleSpec
from infra.local.runtime.schedules import Schedules


def schedule_operations(
    schedules: Schedules,
) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
    """The operations by name; `run_schedule` answers when the run has ended."""

    async def put_schedule(asked: dict[str, Any]) -> None:
        schedules.put(ScheduleSpec.of(asked["spec"]))

    async def delete_schedule(asked: dict[str, Any]) -> None:
        schedules.delete(asked["name"])

    async def run_schedule(asked: dict[str, Any]) -> Any:
        return await schedules.run(asked["name"])

    return {each.__name__: each for each in (put_schedule, delete_schedule, run_schedule)}
