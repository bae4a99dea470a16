"""What scalers reach beside each other: late calls against cost, and who beats whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.simulation.events import Outcome


@dataclass(frozen=True, slots=True)
class Point:
    """What one setting of one scaler reached.

    `late` is the share of calls that waited longer than the goal or were refused, `cost`
    instance-seconds over busy seconds, `delay_s` the 99th percentile of the waits.
    """

    family: str
    setting: str
    late: float
    cost: float
    delay_s: float = 0.0
    starts: int = 0
    most: int = 0

    @property
    def name(self) -> str:
        """The scaler and its setting."""
        return f"{self.family} {self.setting}".strip()


def judged(family: str, setting: str, outcomes: Iterable[Outcome], wait_s: float) -> Point:
    """All of a workload's functions and seeds taken together."""
    delays: list[float] = []
    busy_s = instance_s = 0.0
    starts = most = 0
    for each in outcomes:
        delays += each.delays
        busy_s += each.busy_s
        instance_s += each.instance_s
        starts += each.starts
        most = max(most, each.most)
    late = sum(1 for each in delays if each < 0 or each > wait_s + 1e-9)
    waited = sorted(float("inf") if each < 0 else each for each in delays)
    return Point(
        family,
        setting,
        late / max(len(delays), 1),
        instance_s / busy_s if busy_s else 0.0,
        waited[int(len(waited) * 0.99)] if waited else 0.0,
        starts,
        most,
    )


def cheapest(late: float, ours: Sequence[Point]) -> Point | None:
    """The cheapest of ours with no more late calls; None where none of ours is so good."""
    return min((each for each in ours if each.late <= late), key=lambda p: p.cost, default=None)


def frontier(points: Sequence[Point]) -> list[Point]:
    """Those that no other beats in both, the cheapest first."""
    best: list[Point] = []
    for each in sorted(points, key=lambda p: (p.cost, p.late)):
        if not best or each.late < best[-1].late:
            best.append(each)
    return best


def table(points: Sequence[Point]) -> str:
    """A line for each point, for people; * marks those on the frontier."""
    on = frontier(points)
    wide = max(len(each.name) for each in points)
    head = f"  {'':{wide}}      late    cost       p99   starts   most"
    lines = [
        f"{'*' if each in on else ' '} {each.name:{wide}}  {each.late:8.3%}  {each.cost:6.2f}"
        f"  {each.delay_s * 1000:5.0f} ms  {each.starts:7d}  {each.most:5d}"
        for each in points
    ]
    return "\n".join([head, *lines])


def verdicts(points: Sequence[Point], ours: str) -> list[str]:
    """For each point of the others: what ours costs where it has no more late calls."""
    own = [each for each in points if each.family == ours]
    return [_verdict(each, own) for each in points if each.family != ours]


def _verdict(other: Point, own: Sequence[Point]) -> str:
    best = cheapest(other.late, own)
    if best is None:
        return f"lost  to {other.name}: none of ours has {other.late:.3%} late or less"
    less = best.cost / other.cost - 1
    said = f"{best.name} has {best.late:.3%} late at cost {best.cost:.2f} ({less:+.0%})"
    word = "beats" if less < 0 else "lost  to"
    return f"{word} {other.name}, {other.late:.3%} late at {other.cost:.2f}: {said}"
