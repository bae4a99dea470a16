"""What can be asked of the queues over the control socket."""

from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.runtime.queue_spec import QueueSpec
from infra.local.runtime.queues import Queues
from infra.local.runtime.specs import InvalidSpecError, invalid, text, text_list


def queue_operations(
    queues: Queues,
) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
    """The operations by name.

    `redrive_queue` and `purge_queue` take the ids of dead messages as `ids`; null means all.
    """

    async def put_queue(asked: dict[str, Any]) -> None:
        await queues.put(QueueSpec.of(asked["spec"]))

    async def delete_queue(asked: dict[str, Any]) -> None:
        await queues.delete(asked["name"])

    async def look_queue(asked: dict[str, Any]) -> Any:
        return await queues.look(asked["name"])

    async def redrive_queue(asked: dict[str, Any]) -> Any:
        return await queues.redrive(*_dead(asked))

    async def purge_queue(asked: dict[str, Any]) -> Any:
        return await queues.purge(*_dead(asked))

    return {
        each.__name__: each
        for each in (put_queue, delete_queue, look_queue, redrive_queue, purge_queue)
    }


def _dead(asked: dict[str, Any]) -> tuple[str, list[str] | None]:
    """Which queue's, and which of its messages."""
    named = {"name": asked["name"]}
    if asked["ids"] is not None:
        named["ids"] = asked["ids"]
    rules = {"name": text, "ids": text_list}
    if wrong := invalid({key: rules[key] for key in named}, named):
        raise InvalidSpecError(wrong)
    return asked["name"], asked["ids"]
