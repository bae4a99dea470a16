"""Pulumi programs run with mocks: what they declare is remembered, and nothing stays behind."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pulumi
from pulumi.runtime import mocks, settings

Result = TypeVar("Result")
ROOT = Path(__file__).resolve().parents[2]


class Declared(pulumi.runtime.Mocks):
    """Remembers what was declared, in order; each resource's id is its name's.

    `more` gives the outputs that a resource has besides its inputs.
    """

    def __init__(
        self,
        more: Callable[[pulumi.runtime.MockResourceArgs], Mapping[str, Any]] = lambda _: {},
    ) -> None:
        self.resources: list[pulumi.runtime.MockResourceArgs] = []
        self._more = more

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        return f"{args.name}-id", {**args.inputs, **self._more(args)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise AssertionError(f"the program asks the provider for {args.token}")

    def inputs(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """The inputs of the one resource of this kind, or of this name among them."""
        (found,) = [
            dict(each.inputs)
            for each in self.resources
            if each.typ == kind and name in (None, each.name)
        ]
        return found

    def every(self, kind: str) -> list[dict[str, Any]]:
        """The inputs of all resources of this kind."""
        return [dict(each.inputs) for each in self.resources if each.typ == kind]

    def names(self, kind: str) -> list[str]:
        """The names of all resources of this kind."""
        return [each.name for each in self.resources if each.typ == kind]


def apart(work: Callable[[], Result]) -> Result:
    """The result of work on a thread of its own, whose loop and Pulumi settings go with it."""
    before, path, folder = settings.SETTINGS, list(sys.path), Path.cwd()

    loops: list[asyncio.AbstractEventLoop] = []

    def begin() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    def on_its_own_loop() -> Result:
        begin()
        loop = loops[0]
        # Pulumi's mocks make a loop on each thread that has none, and never close it.
        loop.set_default_executor(ThreadPoolExecutor(8, initializer=begin))
        os.chdir(ROOT / "infra")
        try:
            return work()
        finally:
            while left := asyncio.all_tasks(loop):
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_default_executor())
            settings.configure(before)
            os.chdir(folder)
            sys.path[:] = path
            asyncio.set_event_loop(None)
            for each in loops:
                each.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(on_its_own_loop).result()


def declared(
    program: Callable[[], object],
    more: Callable[[pulumi.runtime.MockResourceArgs], Mapping[str, Any]] = lambda _: {},
) -> Declared:
    """What a program of the stack `dev` declares; an output that it returns is waited for."""

    def work() -> Declared:
        found = Declared(more)
        mocks.set_mocks(found, project="shop", stack="dev", preview=False)
        mocks.test(program)()  # type: ignore[no-untyped-call]
        return found

    return apart(work)
