"""The program of a cloud's stack under Pulumi's mocks: whole, or a target with a small shop."""

import json
import runpy
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks

from infra.model import Platform
from tests.support.program import ROOT, Declared, apart

Answered = Callable[[pulumi.runtime.MockResourceArgs], Mapping[str, Any]]


def plain(value: Any) -> Any:
    """Inputs in a form that compares: a package by its folder."""
    match value:
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case pulumi.FileArchive():
            return value.path
    return value


def config_of(stack: str) -> dict[str, Any]:
    """What the stack's own file states, as the engine hands it to the program."""
    text = (ROOT / f"stacks/Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    stated: dict[str, Any] = yaml.safe_load(text)["config"]
    return stated


def whole(stack: str, answered: Answered, **more: str) -> tuple[Declared, dict[str, Any]]:
    """What the program declares for a stack of the repository, and what it exports.

    `answered` gives what the cloud adds to a resource. `more` are keys of the configuration besides
    the file's, `shop__offline` for `shop:offline`.
    """
    exported: dict[str, Any] = {}
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config_of(stack).items()
    } | {key.replace("__", ":"): value for key, value in more.items()}

    def program() -> Any:
        pulumi.runtime.set_all_config(config)
        runpy.run_path(str(ROOT / "infra"), run_name="__main__")
        found = pulumi.runtime.get_root_resource().outputs  # type: ignore[union-attr]
        return pulumi.Output.all(**found).apply(exported.update)

    return alone(stack, program, answered), exported


def alone(stack: str, program: Callable[[], Any], answered: Answered) -> Declared:
    """What a program of this stack declares at preview; an output that it returns is waited for."""

    def work() -> Declared:
        declared = Declared(answered)
        mocks.set_mocks(declared, project="shop", stack=stack, preview=True)
        mocks.test(program)()  # type: ignore[no-untyped-call]
        return declared

    return apart(work)


def one_of_each(platform: Platform) -> Platform:
    """The shop with a function for each kind of trigger, and one of all that these need."""
    return part(
        platform,
        functions={"auth", "notify", "sweep"},
        routes={"POST /users"},
        tables={"users", "sessions"},
        buckets={"uploads"},
    )


def part(
    platform: Platform,
    *,
    functions: Collection[str],
    routes: Collection[str],
    tables: Collection[str],
    buckets: Collection[str] = (),
) -> Platform:
    """The shop with these alone, what calls the functions, and their grants of what is left."""
    queues = tuple(each for each in platform.queues if each.consumer in functions)
    kept: dict[str, Collection[str]] = {
        "table": tables,
        "bucket": buckets,
        "queue": {each.name for each in queues},
    }
    return replace(
        platform,
        functions=tuple(each for each in platform.functions if each.name in functions),
        routes=tuple(each for each in platform.routes if each.key in routes),
        tables=tuple(each for each in platform.tables if each.name in tables),
        buckets=tuple(each for each in platform.buckets if each.name in buckets),
        queues=queues,
        schedules=tuple(each for each in platform.schedules if each.function in functions),
        grants=tuple(
            each
            for each in platform.grants
            if each.function in functions and each.resource in kept.get(each.kind, {each.resource})
        ),
    )
