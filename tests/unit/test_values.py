"""Pulumi's values become plain ones and back, and their differences are told by path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import PropertyDiffKind

from infra.local.values import (
    UNKNOWN,
    differences,
    plain,
    plain_map,
    property_map,
    property_value,
    unknown_names,
)

SCALARS = st.none() | st.booleans() | st.text(max_size=8) | st.integers(-(2**50), 2**50)
PLAIN = st.recursive(
    SCALARS | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(PLAIN)
def test_a_plain_value_survives_the_way_there_and_back(value: Any) -> None:
    assert plain(property_value(value)) == value


def test_a_whole_number_comes_back_whole_and_a_fraction_as_it_is() -> None:
    assert [type(plain(PropertyValue(each))) for each in (5.0, 5.5, True, "5")] == [
        int,
        float,
        bool,
        str,
    ]


def test_a_secrets_mark_and_dependencies_are_left_out() -> None:
    marked = PropertyValue("a", is_secret=True, dependencies=frozenset({"urn:x"}))
    assert plain_map({"x": marked}) == {"x": "a"}


def test_a_property_is_unknown_when_any_part_of_it_is() -> None:
    values = {"a": UNKNOWN, "b": [1, [UNKNOWN]], "c": {"d": {"e": UNKNOWN}}, "f": [1], "g": {}}
    assert unknown_names(values) == {"a", "b", "c"}
    assert unknown_names(plain_map(property_map(values))) == {"a", "b", "c"}


ADD, DELETE, UPDATE = PropertyDiffKind.ADD, PropertyDiffKind.DELETE, PropertyDiffKind.UPDATE


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": UPDATE}),
        ({}, {"a": 1}, {"a": ADD}),
        ({"a": 1}, {}, {"a": DELETE}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": UPDATE}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "z": 2}}, {'a["y"]': DELETE, 'a["z"]': ADD}),
        ({"a": {"GET /x": "f"}}, {"a": {"GET /x": "g"}}, {'a["GET /x"]': UPDATE}),
        ({"a": {"x": {"y": 1}}}, {"a": {"x": {"y": 2}}}, {'a["x"]["y"]': UPDATE}),
        ({"a": {"x": 1}}, {"a": "x"}, {"a": UPDATE}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": UPDATE}),
        ({"a": {"x": 1}}, {"a": {"x": UNKNOWN}}, {'a["x"]': UPDATE}),
        ({"a": {}}, {"a": {'say "hi" \\': "f"}}, {'a["say \\"hi\\" \\\\"]': ADD}),
    ],
)
def test_what_differs_is_told_by_its_path(
    old: dict[str, Any], new: dict[str, Any], found: dict[str, PropertyDiffKind]
) -> None:
    told = differences(old, new, frozenset())
    assert {path: each.kind for path, each in told.items()} == found
    assert all(each.input_diff for each in told.values())


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ({}, {"a": 1}, PropertyDiffKind.ADD_REPLACE),
        ({"a": 1}, {}, PropertyDiffKind.DELETE_REPLACE),
        ({"a": 1}, {"a": UNKNOWN}, PropertyDiffKind.UPDATE_REPLACE),
    ],
)
def test_a_change_of_a_replacing_property_replaces(
    old: dict[str, Any], new: dict[str, Any], kind: PropertyDiffKind
) -> None:
    found = differences({**old, "b": 1}, {**new, "b": 2}, frozenset({"a"}))
    assert {path: each.kind for path, each in found.items()} == {"a": kind, "b": UPDATE}
