"""The Pulumi provider of the local cloud: it tells the supervisor what Pulumi decided.

`check` and `diff` are pure; `create`, `update` and `delete` can be repeated; `read` only looks, and
reports what is not there any more, so that a dead supervisor is drift. Nothing but plain texts and
numbers goes into the state.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from pulumi.provider.experimental import provider as p
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from infra.errors import PlatformError
from infra.local.kinds import KINDS, Kind
from infra.local.places import Places
from infra.local.runtime.specs import invalid
from infra.local.values import (
    differences,
    plain_map,
    property_map,
    unknown_names,
)

VERSION = "0.1.0"
_MESSAGE_BYTES = 64 * 1024 * 1024


class LocalProvider(p.Provider):
    """One clone's provider; `places` says where its local cloud is."""

    def __init__(self, places: Places) -> None:
        self._places = places

    async def configure(self, request: p.ConfigureRequest) -> p.ConfigureResponse:  # noqa: ARG002
        """Leave secrets to the engine, which hides what comes back under a secret input's name."""
        return p.ConfigureResponse(accept_secrets=False, supports_preview=True)

    async def check(self, request: p.CheckRequest) -> p.CheckResponse:
        """Refuse wrong properties, each by its name; unknown ones pass until they are known."""
        inputs = plain_map(request.new_inputs)
        wrong = invalid(_kind(request.type).rules, inputs, unknown_names(inputs))
        return p.CheckResponse(
            inputs=request.new_inputs,
            failures=[p.CheckFailure(each.property, each.reason) for each in wrong],
        )

    async def diff(self, request: p.DiffRequest) -> p.DiffResponse:
        """Compare inputs; what the provider only reports is left out."""
        kind = _kind(request.type)
        old = {n: v for n, v in plain_map(request.old_state).items() if n in kind.rules}
        found = differences(old, plain_map(request.new_inputs), kind.replacing)
        names = sorted({path.split("[")[0] for path in found})
        replaces = [name for name in names if name in kind.replacing]
        return p.DiffResponse(
            changes=bool(found),
            replaces=replaces,
            diffs=names,
            detailed_diff=found,
            delete_before_replace=bool(replaces),
        )

    async def create(self, request: p.CreateRequest) -> p.CreateResponse:
        """Bring it up; on preview only say what is known of it."""
        kind, inputs = _kind(request.type), plain_map(request.properties)
        if not request.preview:
            await asyncio.to_thread(kind.create, self._places, inputs)
        return p.CreateResponse(
            resource_id="" if request.preview else kind.identify(self._places, inputs),
            properties=property_map(kind.report(inputs)),
        )

    async def update(self, request: p.UpdateRequest) -> p.UpdateResponse:
        """Put the new in the place of the old."""
        kind, inputs = _kind(request.type), plain_map(request.news)
        if not request.preview:
            await asyncio.to_thread(kind.change, self._places, inputs)
        return p.UpdateResponse(properties=property_map(kind.report(inputs)))

    async def read(self, request: p.ReadRequest) -> p.ReadResponse:
        """What runs now, or nothing."""
        kind, old = _kind(request.type), plain_map(request.properties)
        found = await asyncio.to_thread(kind.find, self._places, old)
        if found is None:
            return p.ReadResponse()
        return p.ReadResponse(
            resource_id=request.resource_id,
            properties=property_map(kind.report(found)),
            inputs=property_map(found),
        )

    async def delete(self, request: p.DeleteRequest) -> None:
        """Run it no more."""
        kind, old = _kind(request.type), plain_map(request.properties)
        await asyncio.to_thread(kind.delete, self._places, old)


def _kind(type_token: str) -> Kind:
    found = KINDS.get(type_token.rpartition("$")[2])  # without its parents
    if found is None:
        raise PlatformError(f"{type_token} is no resource of the local cloud")
    return found


class _SayErrors(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Gives the engine the message of an error that a user can mend, and no more."""

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        handler = await continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def answer(request: Any, context: Any) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except PlatformError as error:
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


async def serve(root: Path, engine: str) -> None:
    """Serve the provider on a free port of 127.0.0.1, and print that port for the engine."""
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ]
    server = grpc.aio.server(interceptors=[_SayErrors()], options=limits)
    servicer = ProviderServicer([], VERSION, LocalProvider(Places(root)), engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        await server.wait_for_termination()
    finally:  # the engine's interrupt: ended otherwise, the server complains into the engine's log
        await server.stop(None)


def leave_with(parent: int) -> None:
    """End this process when its parent is gone: a killed engine cannot end its plugins."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main(root: Path) -> None:
    """Run as the engine's plugin; its address is the only argument."""
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    threading.Thread(target=leave_with, args=(os.getppid(),), daemon=True).start()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(root, sys.argv[1] if len(sys.argv) > 1 else ""))
