"""YAML that people write, read into plain data; a key that stands twice is an error.

YAML asks for unique keys (1.2.2, section 3.2.1.3), and the engine's reader refuses them,
where PyYAML takes the last one without a word. The keys that a merge brings are no doubles, but a
second `<<` is: it is a list of mappings that merges several.
"""

import json
from typing import Any

import yaml

from infra.errors import Problem


class RepeatedKeyError(yaml.MarkedYAMLError):
    """A key of a mapping stands there twice."""

    def __init__(self, key: str, first: yaml.Mark, again: yaml.Mark) -> None:
        self._key, self._first, self._again = key, first.line + 1, again.line + 1
        super().__init__(problem=f"{key} stands twice", problem_mark=again)

    def told(self, remedy: str = "leave one of the two") -> Problem:
        """It, as a report has it."""
        plain = self._key.isprintable() and self._key.strip() == self._key
        return Problem(
            f"line {self._again}",
            self._key if self._key and plain else json.dumps(self._key),
            f"this key stands in line {self._first} already, and only one of them would count",
            remedy,
        )


class _Loader(yaml.SafeLoader):
    """The safe loader; keys are compared as they are written, so that 1 and "1" are one."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise RepeatedKeyError(key.value, seen[key.value], key.start_mark)
            seen[key.value] = key.start_mark
        return node


def load(content: bytes | str) -> Any:
    """What the text holds, None for nothing.

    Raises RepeatedKeyError, and what PyYAML does: YAMLError, and ValueError, OverflowError or
    RecursionError for a value that cannot be made.
    """
    return yaml.load(content, Loader=_Loader)  # noqa: S506 - it is the safe one
