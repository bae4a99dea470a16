"""Reading a provider's event, which is trusted to be well-meant but not to be well-formed."""

from binascii import Error, a2b_base64
from collections.abc import Mapping


class MalformedEventError(Exception):
    """The event is not of the kind that the entrypoint was made for; it says which part."""


def mapping(value: object, name: str) -> Mapping[str, object]:
    """The value as a mapping. Raises MalformedEventError."""
    if not isinstance(value, dict):
        raise MalformedEventError(f"{name} is {_kind(value)}, not an object")
    return value


def items(value: object, name: str) -> list[object]:
    """The value as a list. Raises MalformedEventError."""
    if not isinstance(value, list):
        raise MalformedEventError(f"{name} is {_kind(value)}, not a list")
    return value


def text(values: Mapping[str, object], name: str, where: str = "") -> str:
    """The text under `name`. Raises MalformedEventError."""
    value = values.get(name)
    if not isinstance(value, str):
        raise MalformedEventError(f"{where}{name} is {_kind(value)}, not text")
    return value


def texts(values: Mapping[str, object], name: str) -> dict[str, str]:
    """The mapping of texts under `name`; absent or null is empty. Raises MalformedEventError."""
    value = values.get(name)
    if value is None:
        return {}
    found: dict[str, str] = {}
    for key, item in mapping(value, name).items():
        if not isinstance(item, str):
            raise MalformedEventError(f"{name}.{key} is {_kind(item)}, not text")
        found[key] = item
    return found


def headers(values: Mapping[str, object]) -> dict[str, str]:
    """The headers, their names in lower case. Raises MalformedEventError."""
    return {name.lower(): value for name, value in texts(values, "headers").items()}


def body(values: Mapping[str, object]) -> bytes:
    """The body's own bytes; absent or null is empty. Raises MalformedEventError."""
    if values.get("body") is None:
        return b""
    value = text(values, "body")
    try:
        if values.get("isBase64Encoded"):
            return a2b_base64(value, strict_mode=True)
        return value.encode()
    except (Error, ValueError) as error:
        raise MalformedEventError(f"body cannot be decoded: {error}") from error


def _kind(value: object) -> str:
    return "missing" if value is None else type(value).__name__
