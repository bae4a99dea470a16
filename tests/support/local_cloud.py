"""The local cloud in this process, on a thread of its own; its workers are real processes."""

import asyncio
import json
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from infra.capacity import START_RATES, StartRate
from infra.local.places import Places
from infra.local.runtime import control
from infra.local.runtime.cloud import Cloud
from infra.local.runtime.http_connection import Patience
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook
from infra.local.runtime.runtime_spec import RuntimeSpec
from infra.local.runtime.specs import FunctionSpec, GatewaySpec
from infra.local.runtime.steering import Steering
from tests.support.pids import descendants, wait_for_end
from tests.support.wire_http import Answer, free_port, request

Result = TypeVar("Result")

WELL = """
def lambda_handler(event, context):
    return {"statusCode": 200, "body": "well"}
"""
BODY_LIMIT = 256 * 1024


class Clock:
    """The clock by which functions scale: the machine's own, but a test may put it forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


class LocalCloud:
    """A gateway, a zygote and the functions that a test puts there. `run` ends all of it."""

    def __init__(self, root: Path, emulate: str, loop: asyncio.AbstractEventLoop) -> None:
        self.places = Places(root)
        self.emulate = emulate
        self.port = free_port()
        self.loop = loop
        self.routes: dict[str, str] = {}
        self.stopped = threading.Event()
        self.clock = Clock()
        self._numbers = iter(range(1, 1_000_000))
        self.places.prepare()
        self.logbook = Logbook(self.places.log, max_mb=64)
        self.launcher = Launcher(self.logbook)

    async def open(
        self, start_s: float, patience: Patience, start_rates: Mapping[str, StartRate]
    ) -> None:
        self.logbook.attach(self.loop)
        self.launcher.watch()
        self.cloud = Cloud(
            self.launcher,
            self.logbook,
            start_s=start_s,
            patience=patience,
            steering=Steering(RuntimeSpec(log_max_mb=64), start_rates, self.clock),
        )
        allowed = control.operations(self.cloud, {"pid": 0, "release": "test"}, self.stopped.set)
        self._control = await control.listen(self.places.socket, allowed)
        self._keeping = self.loop.create_task(self.cloud.run())

    async def close(self) -> None:
        await self.cloud.close()
        self._keeping.cancel()
        await asyncio.wait([self._keeping])
        self._control.close()
        await self.launcher.close()
        self.places.socket.unlink(missing_ok=True)
        self.logbook.close()
        await asyncio.sleep(0.1)  # the transports' own ends
        await self.loop.shutdown_default_executor()

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have the cloud's own loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def spec(self, name: str, text: str, /, **changes: Any) -> FunctionSpec:
        """The specification of a function whose module is this text."""
        number = next(self._numbers)
        folder = self.places.code / f"{name}-{number}"
        folder.mkdir()
        (folder / "made.py").write_text(text)
        usual: dict[str, Any] = {
            "name": name,
            "emulate": self.emulate,
            "handler": "made.lambda_handler",
            "fingerprint": f"{number:064x}",
            "code": str(folder),
            "memory_mb": 128,
            "timeout_s": 20,
            "min_instances": 0,
            "max_instances": 4,
            "queue_ms": 0,
            "environment": {},
        }
        return FunctionSpec(**usual | changes)

    def put(self, name: str, text: str = WELL, /, **changes: Any) -> FunctionSpec:
        """Run a function and have `ANY /<name>` call it."""
        spec = self.spec(name, text, **changes)
        self.do(self.cloud.put_function(spec))
        self.route(f"ANY /{name}", name)
        return spec

    def route(self, key: str, function: str) -> None:
        """Add a route."""
        self.routes[key] = function
        self.serve()

    def serve(self) -> None:
        """Serve the routes there are."""
        self.do(
            self.cloud.put_gateway(
                GatewaySpec(
                    port=self.port, emulate=self.emulate, body_limit=BODY_LIMIT, routes=self.routes
                )
            )
        )

    def configure(self, **changes: Any) -> None:
        """Give the runtime its usual settings, but for these."""

        async def configured() -> None:
            self.cloud.configure(RuntimeSpec(**{"log_max_mb": 64, **changes}))

        self.do(configured())

    def told(self, name: str) -> dict[str, Any]:
        """What is told of a function's instances."""
        found: dict[str, Any] = self.describe()["instances"][name]
        return found

    def remove(self, name: str) -> None:
        """Run a function no more."""
        self.routes = {key: each for key, each in self.routes.items() if each != name}
        self.serve()
        self.do(self.cloud.delete_function(name))

    def get(self, path: str, **more: Any) -> Answer:
        """Ask for a path."""
        return request(self.port, path, **more)

    def describe(self) -> dict[str, Any]:
        """What runs."""

        async def asked() -> dict[str, Any]:
            return self.cloud.describe()

        return self.do(asked())

    def log(self, text: str = "") -> list[dict[str, Any]]:
        """The log's lines so far that hold this text."""

        async def flush() -> None:
            self.logbook.flush()

        self.do(flush())
        lines = self.places.log.read_bytes().splitlines()
        return [json.loads(line) for line in lines if text.encode() in line]

    def id_of(self, answer: Answer) -> str:
        """The request id that an answer carries."""
        name = {"aws": "apigw-requestid", "alicloud": "x-fc-request-id"}[self.emulate]
        return answer.headers[name]

    def of_request(self, answer: Answer, event: str = "request") -> list[dict[str, Any]]:
        """The log's lines of one event about one request."""
        number = self.id_of(answer)
        return [line for line in self.log(number) if line["event"] == event]

    @property
    def zygote(self) -> int:
        """The process id of the zygote."""
        assert self.launcher.pid is not None
        return self.launcher.pid


@contextmanager
def running(
    root: Path,
    emulate: str,
    *,
    start_s: float = 10.0,
    patience: Patience | None = None,
    start_rates: Mapping[str, StartRate] = START_RATES,
) -> Iterator[LocalCloud]:
    """A cloud with a gateway; afterwards none of its processes runs."""
    loop = uvloop.new_event_loop()
    cloud = LocalCloud(root, emulate, loop)
    cloud.launcher.open()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        cloud.do(cloud.open(start_s, patience or Patience(), start_rates))
        cloud.serve()
        yield cloud
    finally:
        left = {cloud.zygote, *descendants(cloud.zygote)}
        cloud.do(cloud.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
        wait_for_end(left)
