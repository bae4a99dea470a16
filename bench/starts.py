"""How long a worker takes from the order to READY, and what of that is the handler's import."""

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from infra import bundle, shop
from infra.errors import PlatformError
from infra.local.runtime.frames import Kind
from infra.local.runtime.instances import Instance
from infra.local.runtime.launcher import Launcher
from infra.local.runtime.logbook import Logbook

_LIMIT_S = 15.0
_IMPORTS = 11
ENVIRONMENT = {"SHOP_STACK": "local", "SHOP_HANDLER": "health"}
# What a worker does between its fork and READY, in a process that has what the zygote has.
_IMPORT = """
import importlib, os, sys, time
import infra.local.runtime.zygote
from infra.local.runtime.emulate.registry import worker_side
worker_side("aws")
code, handler, *pairs = sys.argv[1:]
os.environ.update(pair.split("=", 1) for pair in pairs)
sys.path.insert(0, code)
module, _, name = handler.rpartition(".")
began = time.perf_counter()
getattr(importlib.import_module(module), name)
print((time.perf_counter() - began) * 1000)
"""


@dataclass(frozen=True, slots=True)
class Starts:
    """Milliseconds: of each start, and of each import of the same handler in a new process."""

    start_ms: list[float]
    import_ms: list[float]


def measure(checkout: Path, root: Path, count: int) -> dict[str, Starts]:
    """Starts of an empty handler and of ours in turn. Raises PlatformError."""
    empty = root / "empty"
    empty.mkdir(parents=True)
    (empty / "empty.py").write_text("def handler(event, context):\n    return {}\n")
    function = next(each for each in shop.FUNCTIONS if each.name == "health")
    ours = bundle.bundle(checkout, function, "aws")
    folder = bundle.stage(ours.files, root / "code")
    handlers = {"empty": (empty, "empty.handler"), "health": (folder, ours.handler)}
    logbook = Logbook(root / "starts.jsonl", max_mb=1)
    launcher = Launcher(logbook)
    launcher.open()  # before the loop, as the supervisor does

    async def all_starts() -> dict[str, list[float]]:
        launcher.watch()
        try:
            for each in handlers.values():
                await _start(launcher, *each)  # the first one writes the compiled modules
            found: dict[str, list[float]] = {name: [] for name in handlers}
            for _ in range(count):
                for name, each in handlers.items():
                    found[name].append(await _start(launcher, *each))
            return found
        finally:
            await launcher.close()
            logbook.close()

    started = uvloop.run(all_starts())
    return {
        name: Starts(started[name], [_import_ms(checkout, code, handler) for _ in range(_IMPORTS)])
        for name, (code, handler) in handlers.items()
    }


async def _start(launcher: Launcher, code: Path, handler: str) -> float:
    """Milliseconds from the order to READY; the worker is gone when this returns."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[float] = loop.create_future()
    gone = asyncio.Event()

    def replied(_instance: Instance, kind: Kind, payload: bytes) -> None:
        if kind is Kind.READY:
            ready.set_result((time.perf_counter() - began) * 1000)
        else:
            ready.set_exception(PlatformError(f"{handler} cannot be loaded: {payload!r}"))

    order: dict[str, Any] = {
        "emulate": "aws",
        "code": str(code),
        "environment": ENVIRONMENT,
        "identity": {
            "function": "bench",
            "handler": handler,
            "memory_mb": 128,
            "timeout_s": 5,
            "revision": "bench",
        },
    }
    began = time.perf_counter()
    instance = launcher.start("bench", order, replied, lambda _: gone.set())
    async with asyncio.timeout(_LIMIT_S):
        took = await ready
        instance.close()
        await gone.wait()
    return took


def _import_ms(checkout: Path, code: Path, handler: str) -> float:
    pairs = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    ran = subprocess.run(
        [sys.executable, "-P", "-c", _IMPORT, str(code), handler, *pairs],
        env={"PYTHONPATH": str(checkout)},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=True,
    )
    return float(ran.stdout)
