"""The gate that starts of instances go through: few at once, in turn, and none for ever."""

from collections.abc import Callable
from functools import partial

from infra.local.runtime.start_gate import Leave, StartGate


class Clock:
    """Calls back when it is told to."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def call_later(self, _delay: float, callback: Callable[[], None]) -> None:
        self.later.append(callback)


class Starts:
    """Starts by name, as they get in."""

    def __init__(self, most: int) -> None:
        self.gate = StartGate(most)
        self.clock = Clock()
        self.inside: dict[str, Leave] = {}

    def ask(self, *names: str) -> None:
        for name in names:
            self.gate.enter(self.clock, partial(self.inside.__setitem__, name))


def test_no_more_than_so_many_are_inside_and_each_that_leaves_lets_in_the_next() -> None:
    starts = Starts(2)
    starts.ask("a", "b", "c", "d")
    assert list(starts.inside) == ["a", "b"]
    starts.inside["b"]()
    assert list(starts.inside) == ["a", "b", "c"]
    starts.inside["a"]()
    assert list(starts.inside) == ["a", "b", "c", "d"]


def test_who_leaves_twice_makes_room_once() -> None:
    starts = Starts(1)
    starts.ask("a", "b", "c")
    starts.inside["a"]()
    starts.inside["a"]()
    assert list(starts.inside) == ["a", "b"]


def test_a_start_that_takes_too_long_keeps_nobody_out() -> None:
    starts = Starts(1)
    starts.ask("hangs", "next")
    starts.clock.later[0]()
    assert list(starts.inside) == ["hangs", "next"]
    starts.inside["hangs"]()
    starts.ask("last")
    assert "last" not in starts.inside, "its place was given away already"


def test_one_that_is_over_at_once_lets_in_all_who_wait() -> None:
    gate, clock, seen = StartGate(1), Clock(), []

    def over(name: str) -> Callable[[Leave], None]:
        def start(leave: Leave) -> None:
            seen.append(name)
            leave()

        return start

    for name in ("a", "b", "c"):
        gate.enter(clock, over(name))
    assert seen == ["a", "b", "c"]
