"""Numbers that the shop's functions read from their environment, and what is wrong with one.

A function judges them itself, but when it first needs them: with a wrong one no order could be
placed, and nobody would know before. Here they are refused with the stack's other settings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.errors import Problem
from infra.settings_report import spelled

_DIGITS: Final = re.compile(r"[0-9]{1,4000}")  # more than int() takes would be no number either


@dataclass(frozen=True, slots=True)
class Number:
    """What a variable of the function `reader` has to be: 1 to `most`.

    `wrong` would come of anything else.
    """

    reader: str
    of: str
    most: int
    wrong: str


_NO_ORDER: Final = "no order could be placed"
_NO_LOGIN: Final = "nobody could log in"
NUMBERS: Final[Mapping[str, Number]] = {
    "ORDER_MINUTES": Number(
        "orders", "the minutes for which an order may stay unpaid", 45, _NO_ORDER
    ),
    "OPEN_ORDERS": Number("orders", "the unpaid orders that one customer may have", 50, _NO_ORDER),
    "LOGIN_FAILURES_PER_ACCOUNT": Number("auth", "the failed logins of an account", 999, _NO_LOGIN),
    "LOGIN_FAILURES_PER_ADDRESS": Number(
        "auth", "the failed logins from an address", 999, _NO_LOGIN
    ),
}


def sound(number: Number, text: str) -> bool:
    """Whether a function takes this text; an empty one stands for its own number."""
    return not text or (bool(_DIGITS.fullmatch(text)) and 1 <= int(text) <= number.most)


def wrong_numbers(given: Mapping[Any, object]) -> Iterator[Problem]:
    """The wrong ones in the settings, and those under a function that does not read them.

    As they stand in the file; other mistakes are not ours.

    What stands there is not repeated: under a wrong name it may be a password.
    """
    functions = given.get("functions")
    for name, each in functions.items() if isinstance(functions, Mapping) else ():
        stated = each.get("environment") if isinstance(each, Mapping) else None
        for key, text in stated.items() if isinstance(stated, Mapping) else ():
            number = NUMBERS.get(key)
            if number is None:
                continue
            place = spelled(("functions", name, "environment", key))
            if name != number.reader:
                there = spelled(("functions", number.reader, "environment"))
                change = f"{name} does not read it, so it would change nothing"
                yield Problem(place, "", change, f"write it under {there}")
            elif isinstance(text, str) and not sound(number, text):
                remedy = f'write "1" to "{number.most}": {number.of}'
                yield Problem(place, "", f"with this {number.wrong}", remedy)
