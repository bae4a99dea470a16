"""What can be asked of the storage over the control socket."""

from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.runtime.storage import Storage, StorageSpec


def storage_operations(
    storage: Storage,
) -> dict[str, Callable[[dict[str, Any]], Awaitable[Any]]]:
    """The operations by name."""

    async def put_storage(asked: dict[str, Any]) -> None:
        await storage.put(StorageSpec.of(asked["spec"]))

    async def delete_storage(_: dict[str, Any]) -> None:
        await storage.delete()

    return {each.__name__: each for each in (put_storage, delete_storage)}
