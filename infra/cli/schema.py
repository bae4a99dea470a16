"""Writes `stacks/schema.json`, by which editors complete and check the stack files.

python -m infra.cli.schema            write it
python -m infra.cli.schema --check    say, by exit code 1, when it is not current
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from infra.config_keys import SETTINGS
from infra.settings import PLACES, Settings
from infra.settings_report import schema_of
from infra.shop import NAMES

SCHEMA: Final = Path(__file__).parents[2] / "stacks" / "schema.json"


def stack_schema() -> dict[str, Any]:
    """The JSON Schema (draft 7, which editors know best) of one stack file."""
    settings = schema_of(Settings)
    of_kinds = [(settings["properties"][kind], names) for kind, names in NAMES.items()]
    mix = settings["properties"]["traffic"]["properties"]["mix"]
    for of_kind, names in (*of_kinds, (mix, NAMES["routes"])):
        of_kind["properties"] = dict.fromkeys(names, of_kind["additionalProperties"])
        of_kind["additionalProperties"] = False
    on_a_cloud = {"properties": {"target": {"enum": ["aws", "alicloud"]}}, "required": ["target"]}
    settings["allOf"] = [
        {"if": on_a_cloud, "then": {"required": ["payments"]}},
        *(_alone(place) for place in PLACES),
    ]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A stack of the shop",
        "description": "Generated from infra/settings.py by `python -m infra.cli.schema`.",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            "config": {
                "description": "What this stack states.",
                "type": "object",
                "required": [SETTINGS],
                "additionalProperties": False,
                "properties": {SETTINGS: settings},
                "patternProperties": {
                    "^(aws|alicloud|pulumi):.+$": {
                        "description": "A setting of Pulumi, or of its provider for that cloud."
                    }
                },
            },
            "encryptionsalt": {
                "description": "Pulumi's own: goes with the passphrase that guards secrets.",
                "type": "string",
            },
            "secretsprovider": {
                "description": "Pulumi's own: what encrypts this stack's secrets.",
                "type": "string",
            },
            "encryptedkey": {
                "description": "Pulumi's own: the data key, encrypted by the secrets provider.",
                "type": "string",
            },
            "environment": {
                "description": "Pulumi's own: environments whose values this stack takes over.",
                "type": ["array", "object"],
            },
        },
    }


def text() -> str:
    """The file's whole text."""
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"


def _alone(place: str) -> dict[str, Any]:
    """Of a stack that runs in this place nothing is stated of another."""
    others = {other: {"maxProperties": 0} for other in PLACES if other != place}
    here = {"properties": {"target": {"const": place}}, "required": ["target"]}
    return {"if": here, "then": {"properties": others}}


def main(arguments: list[str], path: Path = SCHEMA) -> int:
    """Write the schema to `path`, or with `--check` compare; the exit code."""
    current = path.read_text(encoding="utf-8") if path.exists() else ""
    if arguments == ["--check"]:
        if current == text():
            return 0
        print(
            f"{path.name} is not what infra/settings.py says, so editors would mislead: "
            "run make schema",
            file=sys.stderr,
        )
        return 1
    if arguments:
        print(f"unknown: {' '.join(arguments)}; use no argument or --check", file=sys.stderr)
        return 2
    path.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
