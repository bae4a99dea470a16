"""A number of a function's environment is judged before anything is changed, as its reader does."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.bootstrap import ConfigurationError, Services
from app.handlers.sagas import counter
from app.handlers.throttles import throttle_of
from infra.shop_numbers import NUMBERS, sound
from tests.support.memory_shop import MemoryShop
from tests.support.program import ROOT

READERS: dict[str, Callable[[Services], object]] = {
    "ORDER_MINUTES": counter,
    "OPEN_ORDERS": counter,
    "LOGIN_FAILURES_PER_ACCOUNT": throttle_of,
    "LOGIN_FAILURES_PER_ADDRESS": throttle_of,
}
SHOP = MemoryShop()


def taken(key: str, text: str) -> bool:
    """Whether the function that reads it takes it."""
    services = SHOP.services(NUMBERS[key].reader)
    services.environment = {**services.environment, key: text}
    try:
        READERS[key](services)
    except ConfigurationError as error:
        return key not in str(error)
    return True


@pytest.mark.parametrize("key", sorted(NUMBERS))
@given(text=st.one_of(st.integers(-2, 1100).map(str), st.text(max_size=4)))
@example("")
@example("01")
@example(" 1")
@example("1\n")
@example("²")
@example("٣")
@example("1" * 5)
def test_what_is_refused_is_what_the_function_would_refuse(key: str, text: str) -> None:
    assert sound(NUMBERS[key], text) == taken(key, text)


@pytest.mark.parametrize("key", sorted(NUMBERS))
def test_the_largest_number_is_the_functions_own(key: str) -> None:
    most = NUMBERS[key].most
    assert [taken(key, str(each)) for each in (0, 1, most, most + 1)] == [False, True, True, False]


def test_every_number_that_a_function_reads_is_judged() -> None:
    """Those who read one import the reader, and name the variable in capital letters."""
    found = set()
    for file in Path(ROOT / "app").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "from app.handlers.numbers import" in text:
            found |= {
                each.value
                for each in ast.walk(ast.parse(text))
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and each.value.isupper()
            }
    assert found == NUMBERS.keys()
