"""Values that hold from each moment to the next: pure."""

from collections.abc import Sequence

Steps = Sequence[tuple[float, float]]
"""(from this moment on, this value), in order of time; 0 before the first."""


def area(steps: Steps, since: float, until: float) -> float:
    """The integral between the two."""
    ends = [at for at, _ in steps[1:]] + [until]
    return sum(
        value * max(0.0, min(end, until) - max(at, since))
        for (at, value), end in zip(steps, ends, strict=True)
    )


def within(steps: Steps, since: float, until: float) -> Steps:
    """The same between the two, with the values that hold at both ends."""
    before = [value for at, value in steps if at <= since]
    inside = [(at, value) for at, value in steps if since < at < until]
    whole = [(since, before[-1] if before else 0.0), *inside]
    return [*whole, (until, whole[-1][1])]


def summed(series: Sequence[Steps]) -> Steps:
    """The sum of them all."""
    changes = sorted(
        (at, value - before)
        for steps in series
        for (at, value), before in zip(steps, [0.0, *(value for _, value in steps)], strict=False)
    )
    total, found = 0.0, []
    for at, change in changes:
        total += change
        found.append((at, total))
    return found


def lesser(one: Steps, other: Steps) -> Steps:
    """The lesser of the two at each moment."""
    changes = sorted([*((at, 0, value) for at, value in one), *((at, 1, v) for at, v in other)])
    now, found = [0.0, 0.0], []
    for at, which, value in changes:
        now[which] = value
        found.append((at, min(now)))
    return found
