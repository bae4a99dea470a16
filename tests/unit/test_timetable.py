"""The next run is the first minute that the rule names, and none between is passed over."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import limits
from infra.checks.cron import faults
from infra.local.runtime.schedule_spec import ScheduleSpec
from infra.local.runtime.specs import invalid
from infra.local.runtime.timetable import Rule, next_run, spelled

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000


def _next(cron: str, after: str) -> str | None:
    found = next_run(Rule(0, cron), _ms(after))
    return None if found is None else spelled(found).removesuffix(":00Z").replace("T", " ")


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("* * * * *", "2026-03-01 10:00:00", "2026-03-01 10:01"),
        ("* * * * *", "2026-03-01 10:00:59", "2026-03-01 10:01"),
        ("30 4 * * *", "2026-03-01 04:29:59", "2026-03-01 04:30"),
        ("30 4 * * *", "2026-03-01 04:30:00", "2026-03-02 04:30"),
        ("*/20 9-17/4 * * *", "2026-03-01 09:41:00", "2026-03-01 13:00"),
        ("5,50 23 * * *", "2026-12-31 23:50:00", "2027-01-01 23:05"),
        ("0 0 31 * *", "2026-03-31 00:00:00", "2026-05-31 00:00"),
        ("0 0 30 * *", "2026-01-30 00:00:00", "2026-03-30 00:00"),
        ("0 12 29 2 *", "2026-03-01 00:00:00", "2028-02-29 12:00"),
        ("0 12 29 2 *", "2096-02-29 12:00:00", "2104-02-29 12:00"),
        ("59 23 28-31 * *", "2027-02-28 23:59:00", "2027-03-28 23:59"),
        ("0 9 * * 1", "2026-03-01 00:00:00", "2026-03-02 09:00"),
        ("0 9 * * 0", "2026-03-01 09:00:00", "2026-03-08 09:00"),
        ("0 9 * 6 6", "2026-03-01 09:00:00", "2026-06-06 09:00"),
        ("0 0 30 2 *", "2026-03-01 00:00:00", None),
        ("0 0 31 4,6,9,11 *", "2026-03-01 00:00:00", None),
    ],
)
def test_the_next_run_of_expressions_that_people_write(
    cron: str, after: str, expected: str | None
) -> None:
    assert _next(cron, after) == expected


def test_daylight_saving_changes_nothing() -> None:
    """In Europe 02:30 did not exist on 29 March 2026; here it does, once each day."""
    runs = [_next("30 2 * * *", f"2026-03-{day} 12:00:00") for day in (27, 28, 29)]
    assert runs == [f"2026-03-{day} 02:30" for day in (28, 29, 30)]


@st.composite
def _fields(draw: st.DrawFn, low: int, high: int) -> str:
    def part() -> str:
        first = draw(st.integers(low, high))
        last = draw(st.integers(first, high))
        step = draw(st.integers(1, 15))
        forms = ["*", f"*/{step}", str(first), f"{first}-{last}", f"{first}-{last}/{step}"]
        return draw(st.sampled_from(forms))

    return ",".join(part() for _ in range(draw(st.integers(1, 3))))


@st.composite
def _crons(draw: st.DrawFn) -> str:
    fields = [draw(_fields(*bounds)) for bounds in FIELDS]
    if "*" not in (fields[2], fields[4]):
        fields[draw(st.sampled_from((2, 4)))] = "*"
    return " ".join(fields)


def _named(field: str, value: int, low: int) -> bool:
    """Whether a field names a value: said once more, by other means than the timetable's."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begins = low if first == "*" else int(first)
        ends = 99 if first == "*" else int(last or first)
        if begins <= value <= ends and (value - begins) % int(step or 1) == 0:
            return True
    return False


def _matches(cron: str, moment_ms: int) -> bool:
    at = datetime.fromtimestamp(moment_ms / 1000, UTC)
    values = (at.minute, at.hour, at.day, at.month, (at.weekday() + 1) % 7)
    each = zip(cron.split(), values, FIELDS, strict=True)
    return all(_named(field, value, bounds[0]) for field, value, bounds in each)


MOMENTS = st.integers(_ms("1999-12-01 00:00:00"), _ms("2110-01-01 00:00:00"))


@given(_crons(), MOMENTS, st.lists(st.integers(0, 10**6), max_size=20))
def test_the_next_run_matches_and_nothing_between_does(
    cron: str, after_ms: int, between: list[int]
) -> None:
    assert not list(faults(cron))
    found = next_run(Rule(0, cron), after_ms)
    if found is None:
        found = after_ms + 400 * DAY_MS  # then nothing at all is to match
    else:
        assert found > after_ms
        assert found % MINUTE_MS == 0
        assert _matches(cron, found)
    first = after_ms // MINUTE_MS + 1
    minutes = range(first, -(-found // MINUTE_MS))
    near = [*minutes[:600], *minutes[-600:]]
    if minutes:
        near += [minutes[each % len(minutes)] for each in between]
    assert not any(_matches(cron, minute * MINUTE_MS) for minute in near)


@given(st.integers(1, limits.EVERY_MINUTES[-1]), MOMENTS)
def test_every_so_many_minutes_is_counted_from_the_epoch(every: int, after_ms: int) -> None:
    found = next_run(Rule(every, ""), after_ms)

    assert found is not None
    assert after_ms < found <= after_ms + every * MINUTE_MS
    assert found % (every * MINUTE_MS) == 0


@given(_crons() | st.integers(1, 1440), MOMENTS, st.integers(0, 10 * DAY_MS))
def test_a_restart_shifts_no_run(rule: str | int, after_ms: int, later_ms: int) -> None:
    """Whoever asks later, but before that run, is told the same."""
    of = Rule(0, rule) if isinstance(rule, str) else Rule(rule, "")
    found = next_run(of, after_ms)
    if found is not None:
        assert next_run(of, min(after_ms + later_ms, found - 1)) == found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cron": "0 0 30 2 *"}, "it would never run"),
        ({"cron": "0 25 * * *"}, "25 is no hour"),
        ({"cron": "daily"}, "it has 1 fields"),
        ({"cron": 5}, "must be a text"),
        ({"every_minutes": 1441}, "must be a whole number from 0 to 1440"),
        ({"function": ""}, "must be a text that is not empty"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(changes: dict[str, object], words: str) -> None:
    usual = {"name": "sweep", "function": "sweep", "every_minutes": 5, "cron": ""}
    assert invalid(ScheduleSpec.RULES, usual) == []

    (found,) = invalid(ScheduleSpec.RULES, usual | changes)

    assert found.property in changes
    assert words in found.reason
