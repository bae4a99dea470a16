"""What is asked of DynamoDB, as arguments of its calls: columns and values only by placeholders.

Any column could be one of its reserved words. DynamoDB holds `<>` true of two types, and of an
attribute that is not there: so an attribute's type is asked for before its value.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from app.adapters.aws.items import TYPES, value_of
from app.adapters.common.rows import INTEGERS
from app.ports.errors import InvalidValueError
from app.ports.tables import Between, Condition, Prefix, Row, Scalar, Schema

Asked = dict[str, Any]
EXPRESSION_BYTES = 4096  # DynamoDB takes no longer one


class _Placeholders:
    """The names and values of one call."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, Any]] = {}

    def name(self, column: str) -> str:
        return self._names.setdefault(column, f"#{len(self._names)}")

    def value(self, value: Scalar) -> str:
        return self._value(value_of(value))

    def type(self, value: Scalar) -> str:
        return self._value({"S": TYPES[type(value)]})

    def asked(self, **expressions: str) -> Asked:
        """The arguments. Raises InvalidValueError for an expression that is too long."""
        for each in expressions.values():
            if len(each) > EXPRESSION_BYTES:
                raise InvalidValueError(
                    f"the change takes {len(each)} bytes to say, {EXPRESSION_BYTES} is the most: "
                    "change fewer columns at once"
                )
        names = {placeholder: column for column, placeholder in self._names.items()}
        asked: Asked = {**expressions, "ExpressionAttributeNames": names}
        if self._values:
            asked["ExpressionAttributeValues"] = self._values
        return asked

    def _value(self, value: dict[str, Any]) -> str:
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = value
        return placeholder


def absent(schema: Schema) -> Asked:
    """That there is no such row."""
    held = _Placeholders()
    return held.asked(ConditionExpression=f"attribute_not_exists({held.name(schema.partition)})")


def delete(schema: Schema, when: Sequence[Condition]) -> Asked:
    """That there is such a row, and that all of these are true of it."""
    held = _Placeholders()
    return held.asked(ConditionExpression=_true_of(held, schema, when)) | _OLD


def update(
    schema: Schema,
    setting: Row,
    adding: Mapping[str, int],
    removing: Collection[str],
    when: Sequence[Condition],
) -> Asked:
    """The change of a row that is there, whose sums stay within 64 bits."""
    held = _Placeholders()
    conditions, sets = [_true_of(held, schema, when)], []
    for column, amount in adding.items():
        name = held.name(column)
        conditions.append(f"attribute_type({name}, {held.type(amount)})")
        least, most = (_within(edge - amount) for edge in (INTEGERS[0], INTEGERS[-1]))
        conditions.append(f"{name} BETWEEN {held.value(least)} AND {held.value(most)}")
        sets.append(f"{name} = {name} + {held.value(amount)}")
    sets += [f"{held.name(column)} = {held.value(value)}" for column, value in setting.items()]
    parts = []
    if removing:
        parts.append("REMOVE " + ", ".join(map(held.name, removing)))
    if sets:
        parts.append("SET " + ", ".join(sets))
    condition = " AND ".join(conditions)
    return held.asked(UpdateExpression=" ".join(parts), ConditionExpression=condition) | _OLD


def query(key: tuple[str, str | None], partition: str, sort: Between | Prefix | None) -> Asked:
    """The rows of a partition, by the key columns of the table or of an index."""
    held = _Placeholders()
    parts = [f"{held.name(key[0])} = {held.value(partition)}"]
    if key[1] is not None:
        parts += _sorted(held, key[1], sort)
    return held.asked(KeyConditionExpression=" AND ".join(parts))


# what the row was when a condition failed tells which one, in the same answer
_OLD: Asked = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def _true_of(held: _Placeholders, schema: Schema, when: Iterable[Condition]) -> str:
    parts = [f"attribute_exists({held.name(schema.partition)})"]
    for each in when:
        name = held.name(each.column)
        parts.append(f"attribute_type({name}, {held.type(each.value)})")
        sign = "<>" if each.comparison == "!=" else each.comparison
        parts.append(f"{name} {sign} {held.value(each.value)}")
    return " AND ".join(parts)


def _sorted(held: _Placeholders, column: str, sort: Between | Prefix | None) -> list[str]:
    if isinstance(sort, Prefix):
        return [f"begins_with({held.name(column)}, {held.value(sort.text)})"]
    low, high = (None, None) if sort is None else (sort.low, sort.high)
    if low is not None and high is not None:
        return [f"{held.name(column)} BETWEEN {held.value(low)} AND {held.value(high)}"]
    if low is not None:
        return [f"{held.name(column)} >= {held.value(low)}"]
    return [] if high is None else [f"{held.name(column)} <= {held.value(high)}"]


def _within(number: int) -> int:
    return min(max(number, INTEGERS[0]), INTEGERS[-1])
