"""The same answer by functions-framework, whatever the path."""

from typing import Any


def health(_request: Any) -> dict[str, str]:
    """As the shop's."""
    return {"status": "ok", "stack": "local"}
