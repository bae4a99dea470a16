"""What a write is conditional on, as TableStore takes it: ten comparisons at most.

A comparison is never true of a column that the row lacks (`pass_if_missing=False`; the SDK's own
default is the opposite). Of a column that holds another type it must not be true either: no page
says how TableStore compares two types, and nothing in a condition can ask for one. Where the sort
of value is one and the same for a column, as in this shop, the question does not come up; counters
are safe in any case, since an increment of what is no integer is refused. The pages are
help/en/tablestore/developer-reference/python-conditional-updates and singlecolumnvaluefilter there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.adapters.alicloud.items import value_of
from app.adapters.alicloud.sdk import sdk
from app.adapters.common.rows import INTEGERS
from app.ports.errors import InvalidValueError
from app.ports.tables import Comparison, Condition

MOST = 10
_NAMES: Mapping[Comparison, str] = {
    "=": "EQUAL", "!=": "NOT_EQUAL", "<": "LESS_THAN", "<=": "LESS_EQUAL",
    ">": "GREATER_THAN", ">=": "GREATER_EQUAL",
}  # fmt: skip


def anything() -> Any:
    """That the row is there, or not."""
    return _condition("IGNORE")


def absent() -> Any:
    """That there is no such row."""
    return _condition("EXPECT_NOT_EXIST")


def there(when: Sequence[Condition], adding: Mapping[str, int] | None = None) -> Any:
    """That there is such a row, that all of these are true of it, and that it can be added to.

    Raises InvalidValueError for more than TableStore takes at once.
    """
    adding = adding or {}
    guards = [_guard(column, amount) for column, amount in adding.items()]
    if len(when) + len(guards) > MOST:
        # who compares a column to an integer knows that it is there; a sum that is too large is
        # refused then as well, by the increment
        known = {each.column for each in when if type(each.value) is int}
        guards = [guard for guard in guards if guard.column not in known]
    if len(when) + len(guards) > MOST:
        raise InvalidValueError(
            f"the change depends on {len(when) + len(guards)} comparisons, {MOST} is the most: "
            "add to fewer columns at once, or state fewer conditions"
        )
    comparisons = [_comparison(each) for each in (*when, *guards)]
    if not comparisons:
        return _condition("EXPECT_EXIST")
    if len(comparisons) == 1:
        return _condition("EXPECT_EXIST", comparisons[0])
    loaded = sdk()
    joined = loaded.CompositeColumnCondition(loaded.LogicalOperator.AND)
    for each in comparisons:
        joined.add_sub_condition(each)
    return _condition("EXPECT_EXIST", joined)


def _guard(column: str, amount: int) -> Condition:
    """That the column is there and that the sum stays within 64 bits."""
    if amount < 0:
        return Condition(column, ">=", INTEGERS[0] - amount)
    return Condition(column, "<=", INTEGERS[-1] - amount)


def _comparison(condition: Condition) -> Any:
    loaded = sdk()
    comparator = getattr(loaded.ComparatorType, _NAMES[condition.comparison])
    return loaded.SingleColumnCondition(
        condition.column, value_of(condition.value), comparator, pass_if_missing=False
    )


def _condition(existence: str, comparison: Any = None) -> Any:
    loaded = sdk()
    return loaded.Condition(getattr(loaded.RowExistenceExpectation, existence), comparison)
