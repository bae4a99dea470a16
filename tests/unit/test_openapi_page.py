"""The page can be read by everyone, and holds nothing that runs or is loaded from elsewhere."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import infra.cli.openapi_page
from infra.cli.openapi import FOLDER
from infra.cli.openapi_page import page
from infra.cli.openapi_schema_html import kind, limits, prose, table

HOSTILE = "<script>alert('1')</script>&\"'"
VOID = {"meta", "br"}
STYLE = Path(infra.cli.openapi_page.__file__).with_suffix(".css").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What stands in a page, and whether its elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} repeats an attribute"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [value for _, given in self.tags if (value := given.get(name)) is not None]

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of one kind."""
        return [given for name, given in self.tags if name == tag]


def hostile() -> dict[str, Any]:
    """A document whose every text would be markup if it were not escaped."""
    schema = {
        "type": "object",
        "description": HOSTILE,
        "additionalProperties": False,
        "required": [HOSTILE],
        "properties": {
            HOSTILE: {"type": "string", "pattern": HOSTILE, "examples": [HOSTILE]},
            "plain": {"type": "integer", "minimum": 1, "default": 2, "description": HOSTILE},
        },
    }
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/It"}}}
    operation = {
        "operationId": "post_it",
        "tags": ["it"],
        "summary": HOSTILE,
        "description": HOSTILE,
        "security": [{"bearer": []}],
        "parameters": [
            {"name": HOSTILE, "in": "query", "required": False, "schema": {"type": "string"}}
        ],
        "requestBody": {"required": True, "content": media},
        "responses": {
            "200": {"description": HOSTILE, "content": media},
            "404": {"description": HOSTILE, "content": {HOSTILE: {"schema": {"type": "string"}}}},
            "default": {"description": HOSTILE, "content": {"*/*": {}}},
        },
    }
    return {
        "info": {"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
        "tags": [{"name": "it", "description": HOSTILE}],
        "paths": {f"/{HOSTILE}": {"post": operation}},
        "components": {"schemas": {"It": schema}},
    }


@pytest.fixture(scope="module", params=["kept", "hostile"])
def found(request: pytest.FixtureRequest) -> Page:
    if request.param == "kept":
        return Page((FOLDER / "docs.html").read_text(encoding="utf-8"))
    return Page(page(hostile()))


def test_every_element_is_closed(found: Page) -> None:
    assert found.open == []


def test_nothing_runs_and_nothing_is_loaded(found: Page) -> None:
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "iframe", "object", "embed", "img", "link", "form", "base"}
    given = {name for _, attributes in found.tags for name in attributes}
    assert not {name for name in given if name.startswith("on")} | given & {"style", "src"}
    assert not re.search(r"url\(|@import", STYLE)
    assert {href for href in found.all("href") if not href.startswith("#")} == {"openapi.json"}


def test_every_link_inside_the_page_leads_to_one_place(found: Page) -> None:
    ids = found.all("id")
    assert len(ids) == len(set(ids))
    targets = {href[1:] for href in found.all("href") if href.startswith("#")}
    assert targets | set(found.all("aria-labelledby")) <= set(ids)


def test_headings_go_down_one_level_at_a_time_from_a_single_first(found: Page) -> None:
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_has_landmarks_a_language_and_the_width_of_the_screen(found: Page) -> None:
    for landmark in ("header", "nav", "main"):
        assert len(found.of(landmark)) == 1, landmark
    assert found.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in found.of(
        "meta"
    )
    assert found.of("a")[0]["class"] == "skip"


def test_tables_name_their_columns_and_what_scrolls_can_be_reached_by_keys(found: Page) -> None:
    assert len(found.of("caption")) == len(found.of("table")) > 0
    assert all("scope" in each for each in found.of("th"))
    assert all(each.get("tabindex") == "0" for each in found.of("pre"))
    wide = [each for each in found.of("div") if each.get("class") == "wide"]
    assert len(wide) == len(found.of("table"))
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in wide)


def test_hostile_text_is_shown_as_it_stands() -> None:
    assert Page(page(hostile())).text.count(HOSTILE) >= 10


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_text_stands_out_from_both_grounds(theme: str) -> None:
    """The ratio of WCAG 2.2, level AA, for text of usual size."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", blocks[theme == "dark"]))
    assert len(colours) == 10
    grounds = [colours.pop("ground"), colours.pop("raised")]
    colours.pop("line")
    for name, colour in colours.items():
        for ground in grounds:
            bright, dim = sorted([luminance(colour), luminance(ground)], reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (name, ground)


def luminance(colour: str) -> float:
    """WCAG's relative luminance of `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in parts]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of text"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"enum": ["a", 1]}, "one of <code>&quot;a&quot;</code>, <code>1</code>"),
        ({"$ref": "#/components/schemas/It"}, '<a href="#schema-It">It</a>'),
        ({}, "any value"),
    ],
)
def test_a_type_is_told_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    assert kind(schema) == words


def test_limits_of_alternatives_are_told_too() -> None:
    schema = {"anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}], "default": None}
    assert limits(schema) == "<code>null</code> when left out; at least 3 characters"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"minLength": 3, "maxLength": 64}, "3 to 64 characters"),
        ({"minLength": 1}, "at least 1 character"),
        ({"minimum": 0}, "at least 0"),
        ({"pattern": "^a$", "maximum": 4}, "at most 4; matches <code>^a$</code>"),
        ({"maxItems": 2, "exclusiveMinimum": 0}, "at most 2 items; above 0"),
        ({"format": "a<b", "multipleOf": 5}, "a multiple of 5; format a&lt;b"),
        ({}, ""),
    ],
)
def test_limits_are_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert limits(schema) == words


def test_a_table_says_which_fields_must_be_there_and_that_no_others_may() -> None:
    fields = {"a": {"type": "string"}, "b": {"type": "string"}}
    text = table("Body", {"properties": fields, "required": ["a"], "additionalProperties": False})
    assert text.count(">required<") == text.count(">optional<") == 1
    assert "no other fields" in text
    assert "<table>" not in table("Body", {"type": "object"})


def test_words_in_backticks_are_code() -> None:
    assert prose("a `b<c` d") == "a <code>b&lt;c</code> d"
