"""A schedule means the same to EventBridge as to the rest of the platform."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.schedule import expression
from infra.checks.cron import faults, parsed
from infra.model import Schedule

LONGEST = 256  # characters of a rule's expression
DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
FIELDS = (range(60), range(24), range(1, 32), range(1, 13), range(1, 8))
# the forms of EventBridge's manual: a number, a-b, one of these after a comma, and start/step
PART = re.compile(r"(\d+)(?:-(\d+))?")


def of_cron(cron: str) -> str:
    return expression(Schedule(name="nightly", function="sweep", cron=cron))


def read_back(written: str) -> list[list[int] | None]:
    """What the six fields name, as EventBridge reads them; None for `?`."""
    match = re.fullmatch(r"cron\((.*)\)", written)
    assert match
    *fields, year = match[1].split(" ")
    assert year == "*"
    return [_field(field, allowed) for field, allowed in zip(fields, FIELDS, strict=True)]


def _field(field: str, allowed: range) -> list[int] | None:
    if field in ("*", "?"):
        return list(allowed) if field == "*" else None
    if "/" in field:
        start, step = map(int, field.split("/"))
        return list(range(start, allowed.stop, step))
    found: list[int] = []
    for part in field.split(","):
        match = PART.fullmatch(part)
        assert match, part
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return found


@pytest.mark.parametrize(
    ("every", "written"),
    [(1, "rate(1 minute)"), (5, "rate(5 minutes)"), (1440, "rate(1440 minutes)")],
)
def test_every_so_many_minutes_is_a_rate(every: int, written: str) -> None:
    assert expression(Schedule(name="s", function="f", every_minutes=every)) == written


@pytest.mark.parametrize(
    ("cron", "written"),
    [
        ("30 4 * * *", "cron(30 4 * * ? *)"),
        ("30 4 * * 1", f"cron(30 4 ? * {DAYS['MON']} *)"),
        ("0 0 * * 0", f"cron(0 0 ? * {DAYS['SUN']} *)"),
        ("0 8 * * 1-5", f"cron(0 8 ? * {DAYS['MON']}-{DAYS['FRI']} *)"),
        ("0 8 * * 0,6", f"cron(0 8 ? * {DAYS['SUN']},{DAYS['SAT']} *)"),
        ("*/15 * * * *", "cron(0/15 * * * ? *)"),
        ("5-50/15 9-17 1,15 */3 *", "cron(5/15 9-17 1,15 1/3 ? *)"),
        ("* * * * *", "cron(* * * * ? *)"),
        ("0 12 1 1 *", "cron(0 12 1 1 ? *)"),
    ],
)
def test_a_cron_of_five_fields_becomes_one_of_six(cron: str, written: str) -> None:
    assert of_cron(cron) == written


def field(allowed: range) -> st.SearchStrategy[str]:
    number = st.sampled_from(allowed)
    step = st.integers(1, len(allowed))
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    part = st.one_of(
        number.map(str), span, st.tuples(span, step).map("{0[0]}/{0[1]}".format),
        step.map("*/{}".format),
    )  # fmt: skip
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=12).map(",".join))


def whole(fields: tuple[str, ...], days: bool) -> str:  # noqa: FBT001 - drawn by the strategy
    """One cron of these fields, with one of its two days left open."""
    minute, hour, day, month, weekday = fields
    return " ".join((minute, hour, day if days else "*", month, "*" if days else weekday))


FIVE = st.tuples(*map(field, (*FIELDS[:4], range(7))))
CRONS = st.builds(whole, FIVE, st.booleans())


@given(CRONS)
def test_whatever_is_legal_names_the_same_times_there(cron: str) -> None:
    if list(faults(cron)):
        return  # a day that no month of it has
    minutes, hours, days, months, weekdays = parsed(cron)
    written = of_cron(cron)
    found = read_back(written)
    assert found[:2] == [list(minutes), list(hours)]
    assert found[3] == list(months)
    # just one of the two days is left open, and the other one is what was asked for
    assert (found[2] is None) != (found[4] is None)
    if found[4] is None:
        assert found[2] == list(days)
        assert list(weekdays) == list(range(7))
    else:
        assert found[4] == [day + 1 for day in weekdays]
        assert list(days) == list(range(1, 32))
    assert len(written) <= LONGEST


def test_the_longest_that_can_be_written_still_fits() -> None:
    """Pairs with a gap after each are what shortens worst."""
    pairs = [",".join(str(n) for n in allowed if n % 3 != 2) for allowed in FIELDS[:4]]
    for cron in (f"{' '.join(pairs)} *", f"{' '.join(pairs[:2])} * {pairs[3]} 0,1,3,4,6"):
        assert not list(faults(cron))
        assert len(of_cron(cron)) <= LONGEST
