"""The supervisor's control socket: one JSON object a line in, one a line out.

`{"do": "put_function", "spec": {…}}` is answered with `{"ok": …}` or `{"error": "why"}`. The
socket belongs to its owner alone (0600, in a folder of 0700).
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from infra.local.runtime.changes import ChangeError
from infra.local.runtime.cloud import Cloud
from infra.local.runtime.queue_control import queue_operations
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.schedule_control import schedule_operations
from infra.local.runtime.specs import FunctionSpec, GatewaySpec, InvalidSpecError
from infra.local.runtime.storage_control import storage_operations

_LINE_BYTES = 1024 * 1024

Operation = Callable[[dict[str, Any]], Awaitable[Any]]


def operations(
    cloud: Cloud, identity: Mapping[str, Any], stop: Callable[[], None]
) -> dict[str, Operation]:
    """What can be asked, by name. `identity` tells this supervisor from others."""

    async def describe(_: dict[str, Any]) -> Any:
        return {**identity, **cloud.describe()}

    async def configure(asked: dict[str, Any]) -> None:
        cloud.configure(RuntimeSpec.of(asked["spec"]))

    async def put_function(asked: dict[str, Any]) -> None:
        await cloud.put_function(FunctionSpec.of(asked["spec"]))

    async def delete_function(asked: dict[str, Any]) -> None:
        await cloud.delete_function(asked["name"])

    async def put_gateway(asked: dict[str, Any]) -> None:
        await cloud.put_gateway(GatewaySpec.of(asked["spec"]))

    async def delete_gateway(_: dict[str, Any]) -> None:
        await cloud.delete_gateway()

    async def shut_down(_: dict[str, Any]) -> None:
        stop()

    own = {
        each.__name__: each
        for each in (
            describe,
            configure,
            put_function,
            delete_function,
            put_gateway,
            delete_gateway,
            shut_down,
        )
    }
    return {
        **own,
        **queue_operations(cloud.queues),
        **schedule_operations(cloud.schedules),
        **storage_operations(cloud.storage),
    }


async def listen(path: Path, allowed: Mapping[str, Operation]) -> asyncio.Server:
    """Serve the operations on a Unix socket at `path`; what an earlier process left there goes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await _line(reader):
                writer.write(json.dumps(await _carry_out(line, allowed)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # the client left
        finally:
            writer.close()

    path.unlink(missing_ok=True)  # noqa: ASYNC240 - before anything else runs
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(serve, path, limit=_LINE_BYTES)
    finally:
        os.umask(before)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; nothing at the end, or when it is longer than the limit."""
    try:
        return await reader.readline()
    except ValueError:
        return b""


async def _carry_out(line: bytes, allowed: Mapping[str, Operation]) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        operation = allowed[asked["do"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {"error": f"not an operation; there are {', '.join(sorted(allowed))}"}
    try:
        return {"ok": await operation(asked)}
    except (ChangeError, InvalidSpecError) as error:
        return {"error": str(error)}
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        return {"error": f"{asked['do']} was asked for in a wrong way: {error!r}"}
    except OSError as error:
        return {"error": f"{asked['do']} failed: {error}"}
