"""What a function did is told by counts that never lie and quantiles that are off by little."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.memory import resident_mb
from infra.local.runtime.telemetry import WINDOW_S, Durations, Meter


@given(
    st.lists(st.floats(1e-5, 900.0), min_size=1, max_size=60),
    st.sampled_from([0.5, 0.9, 0.99, 1.0]),
)
def test_a_quantile_is_off_by_five_percent_at_most(durations: list[float], share: float) -> None:
    found = Durations()
    for each in durations:
        found.add(5.0, each)
    rank = next(n for n in range(1, len(durations) + 1) if n >= share * len(durations))
    (quantile,) = found.quantiles_ms(5.0, [share])
    assert quantile == pytest.approx(sorted(durations)[rank - 1] * 1000, rel=0.05, abs=0.001)


def test_nothing_told_of_nothing() -> None:
    assert Durations().quantiles_ms(1.0, [0.5, 0.99]) == [None, None]
    assert Meter().described(1.0)["p50_ms"] is None


def test_what_is_older_than_the_window_is_forgotten_second_by_second() -> None:
    found = Durations()
    for second in range(100):
        found.add(second + 0.5, 0.001 if second < 95 else 1.0)
    old, new = 1.0, 1000.0
    assert found.quantiles_ms(99.9, [0.01, 0.99]) == pytest.approx([old, new], rel=0.05)
    later = 95.0 + WINDOW_S
    assert found.quantiles_ms(later, [0.01, 0.99]) == pytest.approx([new, new], rel=0.05)
    assert found.quantiles_ms(100.0 + WINDOW_S, [0.5]) == [None]


@pytest.mark.parametrize(("duration", "told"), [(0.0, 0.01), (1e-9, 0.01), (1e9, 956_000)])
def test_the_ends_hold_whatever_lies_beyond_them(duration: float, told: float) -> None:
    found = Durations()
    found.add(1.0, duration)
    assert found.quantiles_ms(1.0, [0.5]) == pytest.approx([told], rel=0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_a_process_holds_what_it_took() -> None:
    mine = resident_mb(os.getpid())
    taken = b"x" * (50 << 20)
    more = resident_mb(os.getpid())
    assert mine is not None
    assert more is not None
    assert more - mine == pytest.approx(len(taken) / (1 << 20), abs=5)


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert resident_mb(process.pid) is None
    assert resident_mb(0) is None
