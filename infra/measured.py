"""What requests, messages and runs of schedules take, as `make measure` writes it to a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from infra import yaml_file
from infra.errors import Problem, Refused
from infra.settings_part import Part
from infra.settings_report import nulls, problems_of
from infra.yaml_file import RepeatedKeyError

_REMEDY = "run make measure, which writes it anew"

_Mean = Annotated[
    float,
    Field(
        ge=0,
        le=1e9,
        allow_inf_nan=False,
        json_schema_extra={"errorMessage": "no mean of what was measured is like this"},
    ),
]


class Cost(Part):
    """What one request, message or run takes: means over `count` of them.

    `reads` and `writes` are units by table: a read unit is 4 KB, a write unit 1 KB of a row, each
    begun one counts, and a changed row of an index is a write. `sends` are messages by queue.
    """

    count: int = Field(
        ge=1,
        le=1_000_000_000,
        description="How many were measured.",
        json_schema_extra={"errorMessage": "of none there is no mean"},
    )
    compute_ms: _Mean = Field(description="At work outside of stores, in ms.")
    store_ms: _Mean = Field(description="Waiting for stores, in ms.")
    calls: _Mean = Field(description="Calls of stores.")
    reads: Mapping[str, _Mean] = Field(default_factory=dict, description="Read units by table.")
    writes: Mapping[str, _Mean] = Field(default_factory=dict, description="Write units by table.")
    sends: Mapping[str, _Mean] = Field(default_factory=dict, description="Messages by queue.")


class Measured(Part):
    """The whole file."""

    requests: Mapping[str, Cost] = Field(
        default_factory=dict, description="What a request takes, by route."
    )
    messages: Mapping[str, Cost] = Field(
        default_factory=dict, description="What a message takes, by queue."
    )
    runs: Mapping[str, Cost] = Field(
        default_factory=dict, description="What a run takes, by schedule."
    )


def read(path: Path) -> Measured:
    """What the file says. Raises Refused, with all that is wrong with it."""
    source = str(path) if path.parent.name != "stacks" else f"stacks/{path.name}"
    try:
        raw: Any = yaml_file.load(path.read_bytes())
    except FileNotFoundError:
        missing = "there is no such file, and traffic is stated, so what a request takes is unknown"
        raise _refused(source, missing) from None
    except OSError as error:
        raise _refused(source, f"it cannot be read ({error.strerror})") from error
    except RepeatedKeyError as error:
        told = error.told(f"leave one of the two, or {_REMEDY}")
        raise Refused(source, [told]) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise _refused(source, "this is no YAML") from None
    if not isinstance(raw, dict):
        raise _refused(source, "these are no keys and values, so nothing was measured")
    cleaned, found = nulls(raw)
    try:
        measured = Measured.model_validate(cleaned)
    except ValidationError as error:
        found += problems_of(error, Measured)
    if found:
        first = {each.path: each for each in reversed(found)}
        raise Refused(source, [replace(each, remedy=_REMEDY) for each in first.values()])
    return measured


def _refused(source: str, consequence: str) -> Refused:
    return Refused(source, [Problem("the whole file", "", consequence, _REMEDY)])
