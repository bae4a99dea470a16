"""YAML of people is read as PyYAML's safe loader does, but no key counts twice."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.yaml_file import RepeatedKeyError, load
from tests.support.program import ROOT

TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@given(PLAIN)
def test_what_has_no_key_twice_is_read_as_pyyaml_reads_it(value: object) -> None:
    """Which is not always as it wrote it: a line's end of Unicode's own comes back as a space."""
    written = yaml.safe_dump(value, allow_unicode=True)
    assert load(written) == yaml.safe_load(written)


@pytest.mark.parametrize(
    ("content", "path", "key", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3", "a", 1),
        ("config:\n  shop:settings:\n    x: {}\n    'x': 1\n", "line 4", "x", 3),
        ("- {b: 1,\n   b: 1}\n", "line 2", "b", 1),
        ("1: a\n'1': b\n", "line 2", "1", 1),
        ("' ': a\n' ': b\n", "line 2", '" "', 1),
        ('"a\\n": 1\n"a\\n": 1\n', "line 2", r'"a\n"', 1),
        ("a: &x {k: 1, j: 2}\nb:\n  <<: *x\n  j: 3\n  j: 4\n", "line 5", "j", 4),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  <<: *x\n", "line 4", "<<", 3),
    ],
)
def test_a_key_that_stands_twice_is_told_with_both_lines(
    content: str, path: str, key: str, first: int
) -> None:
    for given_as in (content, content.encode()):
        with pytest.raises(RepeatedKeyError) as caught:
            load(given_as)
        told = caught.value.told()
        assert (told.path, told.value, told.remedy) == (path, key, "leave one of the two")
        assert told.consequence == (
            f"this key stands in line {first} already, and only one of them would count"
        )


def test_keys_that_a_merge_brings_are_no_doubles_and_give_way() -> None:
    merged = """
base: &base {rate: 1, burst: 2}
more: &more {<<: *base, rate: 3}
both: {<<: [*more, *base], burst: 4}
"""
    found = load(merged)
    assert found == yaml.safe_load(merged)
    assert found["more"] == {"rate": 3, "burst": 2}
    assert found["both"] == {"rate": 3, "burst": 4}


def test_no_tag_makes_anything_but_plain_data() -> None:
    with pytest.raises(yaml.constructor.ConstructorError):
        load("!!python/object/apply:os.getcwd []")


def test_the_platform_reads_the_files_of_people_here_alone() -> None:
    """What the engine writes for the offline preview is no file of a person's."""
    readers = {
        file.relative_to(ROOT).as_posix()
        for file in Path(ROOT / "infra").rglob("*.py")
        if re.search(r"\byaml\.\w*load", file.read_text(encoding="utf-8"))
    }
    assert readers == {"infra/yaml_file.py", "infra/cli/offline.py"}


@pytest.mark.parametrize("file", sorted((ROOT / "stacks").glob("*.yaml")), ids=lambda one: one.name)
def test_every_file_of_a_stack_has_each_key_once(file: Path) -> None:
    assert load(file.read_bytes()) == yaml.safe_load(file.read_bytes())
