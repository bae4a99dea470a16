"""The file of what was measured is read whole, or refused in words that say what to do."""

from pathlib import Path

import pytest

from infra import measured
from infra.errors import Refused

SOUND = """
# made by make measure
requests:
  GET /products: {count: 500, compute_ms: 1.9, store_ms: 0.4, calls: 2, reads: {products: 10.5}}
messages:
  welcome:
    count: 20
    compute_ms: 3.5
    store_ms: 1
    calls: 4
    reads: {users: 1}
    writes: {notifications: 1.5}
    sends: {}
"""


def refused(folder: Path, content: bytes | None) -> list[tuple[str, str, str]]:
    """What the report on such a file says."""
    file = folder / "stacks" / "measured.yaml"
    file.parent.mkdir(exist_ok=True)
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Refused) as caught:
        measured.read(file)
    assert caught.value.source == "stacks/measured.yaml"
    assert all("make measure" in each.remedy for each in caught.value.problems)
    return [(each.path, each.value, each.consequence) for each in caught.value.problems]


def test_what_the_file_says_is_taken_over_and_what_it_leaves_out_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "measured.yaml"
    file.write_text(SOUND, encoding="utf-8")
    found = measured.read(file)
    assert found.requests.keys() == {"GET /products"}
    cost = found.requests["GET /products"]
    assert (cost.count, cost.compute_ms, cost.store_ms, cost.calls) == (500, 1.9, 0.4, 2)
    assert (cost.reads, cost.writes, cost.sends) == ({"products": 10.5}, {}, {})
    assert found.messages["welcome"].writes == {"notifications": 1.5}
    assert found.runs == {}


def test_a_missing_file_says_how_it_is_made(tmp_path: Path) -> None:
    ((path, _, consequence),) = refused(tmp_path, None)
    assert path == "the whole file"
    assert consequence.startswith("there is no such file, and traffic is stated")


def test_a_folder_in_its_place_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "stacks" / "measured.yaml").mkdir(parents=True)
    assert refused(tmp_path, None) == [("the whole file", "", "it cannot be read (Is a directory)")]


@pytest.mark.parametrize(
    ("content", "consequence"),
    [
        (b"requests: [", "this is no YAML"),
        (b"\xff\xfe\x00", "this is no YAML"),
        (b"", "these are no keys and values, so nothing was measured"),
        (b"- 1", "these are no keys and values, so nothing was measured"),
    ],
)
def test_a_file_of_something_else_is_refused_whole(
    tmp_path: Path, content: bytes, consequence: str
) -> None:
    assert refused(tmp_path, content) == [("the whole file", "", consequence)]


def test_a_route_that_stands_twice_is_refused_at_its_line(tmp_path: Path) -> None:
    """A merge of two versions of the file leaves such."""
    cost = b"{count: 1, compute_ms: 1, store_ms: 1, calls: 1}"
    twice = b"requests:\n  GET /a: " + cost + b"\n  GET /a: " + cost + b"\n"
    consequence = "this key stands in line 2 already, and only one of them would count"
    assert refused(tmp_path, twice) == [("line 3", "GET /a", consequence)]


def test_every_wrong_value_is_in_one_report(tmp_path: Path) -> None:
    wrong = b"""
requests:
  GET /a: {count: 0, compute_ms: -1, store_ms: .nan, calls: two, reads: {users: null}}
  GET /b: {count: 1, compute_ms: 1, store_ms: 1}
runs:
message: {}
"""
    assert refused(tmp_path, wrong) == [
        ("message", "", "nothing reads this key, so it would have no effect"),
        ("requests.GET /a.calls", "two", "text cannot be used here"),
        ("requests.GET /a.compute_ms", "-1", "no mean of what was measured is like this"),
        ("requests.GET /a.count", "0", "of none there is no mean"),
        (
            "requests.GET /a.reads.users", "",
            "nothing stands under this key, so it says nothing",
        ),
        ("requests.GET /a.store_ms", "NaN", "no mean of what was measured is like this"),
        ("requests.GET /b.calls", "", "it must be stated. Calls of stores."),
        ("runs", "", "nothing stands under this key, so it says nothing"),
    ]  # fmt: skip
