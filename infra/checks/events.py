"""Queues and schedules call their functions as every provider can."""

from collections.abc import Iterator, Mapping

from infra import limits
from infra.checks.cron import faults
from infra.errors import Problem
from infra.model import Function, Platform, Queue, Schedule


def problems(platform: Platform) -> Iterator[Problem]:
    """What is wrong with the queues and the schedules."""
    functions = {function.name: function for function in platform.functions}
    for queue in platform.queues:
        yield from _queue(queue, functions)
    for schedule in platform.schedules:
        yield from _schedule(schedule)


def _queue(queue: Queue, functions: Mapping[str, Function]) -> Iterator[Problem]:
    path = f"queues.{queue.name}"
    for key, value, allowed in (
        ("batch_size", queue.batch_size, limits.BATCH),
        ("visibility_s", queue.visibility_s, limits.VISIBILITY_S),
        ("max_attempts", queue.max_attempts, limits.ATTEMPTS),
        ("max_concurrency", queue.max_concurrency, limits.CONSUMERS),
    ):
        if value not in allowed:
            yield Problem(
                f"{path}.{key}",
                str(value),
                "not every cloud's queue takes this value",
                f"write {allowed.start} to {allowed[-1]}",
            )
    consumer = functions.get(queue.consumer)
    if consumer is None:
        return
    least = limits.VISIBILITY_TIMES * consumer.timeout_s
    if queue.visibility_s < least:
        yield Problem(
            f"{path}.visibility_s",
            str(queue.visibility_s),
            f"a message could come back while {consumer.name} still works on it",
            f"write {least} or more: {limits.VISIBILITY_TIMES} times its time-out",
        )
    if queue.max_concurrency > consumer.scaling.max_instances:
        yield Problem(
            f"{path}.max_concurrency",
            str(queue.max_concurrency),
            f"{consumer.name} may run {consumer.scaling.max_instances} times at once, and messages "
            "that are refused use up their attempts",
            f"write {consumer.scaling.max_instances} or less, or raise its max_instances",
        )


def _schedule(schedule: Schedule) -> Iterator[Problem]:
    path = f"schedules.{schedule.name}"
    if (schedule.every_minutes is None) == (schedule.cron is None):
        both = schedule.cron is not None
        yield Problem(
            path,
            "both every_minutes and cron" if both else "neither every_minutes nor cron",
            "when it runs could not be told",
            "remove one of them" if both else "add one of them",
        )
    if schedule.every_minutes is not None and schedule.every_minutes not in limits.EVERY_MINUTES:
        yield Problem(
            f"{path}.every_minutes",
            str(schedule.every_minutes),
            "no such pause can be kept on every cloud",
            f"write {limits.EVERY_MINUTES.start} to {limits.EVERY_MINUTES[-1]}, or use cron",
        )
    if schedule.cron is not None:
        for consequence, remedy in faults(schedule.cron):
            yield Problem(f"{path}.cron", schedule.cron, consequence, remedy)
