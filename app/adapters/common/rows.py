"""What a change does to a row, for the adapters that work it out themselves."""

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne

from app.ports.errors import ConditionFailedError, InvalidValueError
from app.ports.tables import Between, Comparison, Condition, Key, Prefix, Row, Scalar, Schema

KEY_BYTES = 1024
ROW_BYTES = 400 * 1024
INTEGERS = range(-(2**63), 2**63)
_NUMBER_BYTES = 12  # the most that a cloud counts for one
_LAST = "\U0010ffff"
_BEFORE_SURROGATES = "\ud7ff"  # which are no characters

_COMPARED: Mapping[Comparison, Callable[[Scalar, Scalar], bool]] = {
    "=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip


def check(row: Row | None, when: Sequence[Condition]) -> Row:
    """The row, if it is there and all conditions are true of it. Raises ConditionFailedError."""
    if row is None:
        raise ConditionFailedError("there is no such row")
    for condition in when:
        found = row.get(condition.column)
        if type(found) is not type(condition.value) or not _COMPARED[condition.comparison](
            found, condition.value
        ):
            raise ConditionFailedError(
                f"the row's {condition.column} is not as the condition has it "
                f"({condition.comparison})"
            )
    return row


def changed(
    row: Row, setting: Row, adding: Mapping[str, int], removing: Collection[str]
) -> dict[str, Scalar]:
    """The row after a change. Raises ConditionFailedError and InvalidValueError."""
    new = dict(row)
    for column, amount in adding.items():
        old = row.get(column)
        if type(old) is not int:
            raise ConditionFailedError(f"the row's {column} is no integer that can be added to")
        if old + amount not in INTEGERS:
            raise InvalidValueError(f"the sum in {column} does not fit into 64 bits")
        new[column] = old + amount
    new.update(setting)
    for column in removing:
        new.pop(column, None)
    check_size(new)
    return new


def check_size(row: Row) -> None:
    """Raises InvalidValueError when the row's names and values are too large together."""
    if (size := row_bytes(row)) > ROW_BYTES:
        raise InvalidValueError(
            f"the row would have {size} bytes of names and values; {ROW_BYTES} is the most: "
            "keep what is large in a bucket"
        )


def row_bytes(row: Row) -> int:
    """How large a row is, as stores count it: the bytes of its names and values."""
    size = 0
    for column, value in row.items():
        size += len(column)
        if isinstance(value, str):
            size += len(value.encode())
        else:
            size += len(value) if isinstance(value, bytes) else _NUMBER_BYTES
    return size


def place(schema: Schema, row: Row | Key) -> tuple[str, str]:
    """The key of a row as (partition, sort), the sort empty in a table without one."""
    sort = "" if schema.sort is None else row[schema.sort]
    return str(row[schema.partition]), str(sort)


def entry(columns: tuple[str, str | None], row: Row) -> tuple[str, str] | None:
    """Where an index of these columns has the row; None when it lacks one, or has it otherwise."""
    partition, sort = row.get(columns[0]), "" if columns[1] is None else row.get(columns[1])
    if not is_key_text(partition) or not (columns[1] is None or is_key_text(sort)):
        return None
    return str(partition), str(sort)


def is_key_text(value: object) -> bool:
    """Whether every store takes this as a part of a key."""
    if type(value) is not str or not value or "\0" in value:
        return False
    try:
        return len(value.encode()) <= KEY_BYTES
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def span(sort: Between | Prefix | None) -> tuple[str, str | None]:
    """The sort keys of a query: from the first text, included, to the second, excluded."""
    if isinstance(sort, Prefix):
        return sort.text, _after_prefix(sort.text)
    if sort is None:
        return "", None
    return sort.low or "", None if sort.high is None else sort.high + "\0"


def _after_prefix(text: str) -> str | None:
    """The first text after all that begin so; None when nothing comes after them."""
    text = text.rstrip(_LAST)
    if not text:
        return None
    following = "\ue000" if text[-1] == _BEFORE_SURROGATES else chr(ord(text[-1]) + 1)
    return text[:-1] + following
