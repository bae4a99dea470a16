"""Functions fit the provider, something calls them, and their scaling makes sense."""

import keyword
import re
from collections.abc import Iterator

from infra import limits
from infra.errors import Problem
from infra.limits import Limits
from infra.model import Function, Platform

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")


def problems(platform: Platform, allowed: Limits, *, local: bool) -> Iterator[Problem]:
    """What is wrong with each function by itself and with what calls it."""
    callers = {
        "routes": {route.function for route in platform.routes},
        "queues": {queue.consumer for queue in platform.queues},
        "schedules": {schedule.function for schedule in platform.schedules},
    }
    routed = callers["routes"]
    for function in platform.functions:
        path = f"functions.{function.name}"
        by = [kind for kind, called in callers.items() if function.name in called]
        if len(by) > 1:
            yield Problem(
                path,
                f"called by {' and '.join(by)}",
                "the events of one are not those of the other, and its entrypoint reads one kind",
                "give each a function of its own; what they share can stand in app/services",
            )
        if not by:
            yield Problem(
                path,
                "",
                "nothing calls this function, so it would never run",
                "give it a route, a queue or a schedule, or remove it",
            )
        yield from _memory(path, function.memory_mb, allowed)
        yield from _timeout(path, function, allowed, routed=function.name in routed)
        yield from _scaling(path, function, local=local)
        yield from _environment(path, function, allowed)
        yield from _handler(path, function.handler)


def _memory(path: str, memory_mb: int, allowed: Limits) -> Iterator[Problem]:
    sizes = allowed.memory_mb
    if memory_mb in sizes:
        return
    remedy = f"write {sizes.start} to {sizes[-1]}"
    if sizes.step > 1:
        remedy += f", a multiple of {sizes.step}"
        below = memory_mb - memory_mb % sizes.step
        if below in sizes and below + sizes.step in sizes:
            remedy = f"write {below} or {below + sizes.step}"
    refused = f"{allowed.title} offers no function of this size"
    yield Problem(f"{path}.memory_mb", str(memory_mb), refused, remedy)


def _timeout(path: str, function: Function, allowed: Limits, *, routed: bool) -> Iterator[Problem]:
    longest = limits.ROUTE_TIMEOUT_S if routed else allowed.timeout_s
    if 1 <= function.timeout_s <= longest:
        return
    consequence = f"{allowed.title} does not take this time-out"
    if routed and function.timeout_s > longest:
        consequence = "a route's caller gets no answer that takes longer than 29 s"
    yield Problem(
        f"{path}.timeout_s", str(function.timeout_s), consequence, f"write 1 to {longest}"
    )


def _scaling(path: str, function: Function, *, local: bool) -> Iterator[Problem]:
    scaling = function.scaling
    most = limits.INSTANCES[-1]
    if not 1 <= scaling.max_instances <= most:
        yield Problem(
            f"{path}.max_instances",
            str(scaling.max_instances),
            "no call would be served, or more would run than an account may",
            f"write 1 to {most}",
        )
    if not 0 <= scaling.min_instances <= scaling.max_instances:
        yield Problem(
            f"{path}.min_instances",
            str(scaling.min_instances),
            f"instances that are kept ready count among the {scaling.max_instances} that may run",
            f"write 0 to {scaling.max_instances}, or raise max_instances",
        )
    if scaling.queue_ms not in limits.QUEUE_MS:
        yield Problem(
            f"{path}.queue_ms",
            str(scaling.queue_ms),
            "no caller waits longer than 29 s for an answer",
            f"write 0 to {limits.QUEUE_MS[-1]}",
        )
    elif scaling.queue_ms and not local:
        yield Problem(
            f"{path}.queue_ms",
            str(scaling.queue_ms),
            "a cloud refuses a call at once when every instance is busy",
            "write 0: only the local target can let calls wait",
        )


def _environment(path: str, function: Function, allowed: Limits) -> Iterator[Problem]:
    total = 0
    for name, value in function.environment.items():
        total += len(name.encode()) + len(value.encode())
        if name.startswith(allowed.reserved):
            yield Problem(
                f"{path}.environment.{name}",
                "",
                f"{allowed.title} keeps names like this one for itself",
                "choose another name",
            )
        elif not _VARIABLE.fullmatch(name):
            yield Problem(
                f"{path}.environment.{name}",
                "",
                "not every cloud takes this name for a variable",
                "use two or more letters, digits and underscores, and a letter first",
            )
    if total > allowed.environment_bytes:
        yield Problem(
            f"{path}.environment",
            f"{total} bytes",
            f"{allowed.title} takes {allowed.environment_bytes} bytes of names and values in all",
            "shorten it, or keep the data in a table or the bucket",
        )


def _handler(path: str, handler: str | None) -> Iterator[Problem]:
    if handler is None:
        return
    parts = handler.split(".")
    names = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    if not names or len(parts) == 1:
        yield Problem(
            f"{path}.handler",
            handler,
            "no function can be imported from this path",
            "write module and function with dots, as app.handlers.hello.lambda_handler",
        )
