"""Where a stack keeps its secrets, and what all such stores do alike.

Another provider's store is one more class behind the protocol.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

SECRET_BYTES = 4096  # what the narrowest cloud's store takes


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be shown of a secret: its name, when it was written (epoch seconds), its keys.

    `keys` counts its lines; `problem` says why it cannot be used, or nothing.
    """

    name: str
    written: float
    keys: int
    problem: str = ""


def judged(text: str) -> tuple[str, str]:
    """A secret's text without newlines at its end, and why it cannot be used, or nothing."""
    text = text.rstrip("\r\n")
    if not text.strip():
        return "", "is empty"
    if len(text.encode()) > SECRET_BYTES:
        return "", f"is over {SECRET_BYTES} bytes"
    return text, ""


def keys_of(text: str) -> int:
    """How many keys a secret's text holds: one a line."""
    return len([line for line in text.splitlines() if line.strip()])


class SecretStore(Protocol):
    """One stack's secrets. Every method raises PlatformError, whose text holds no secret."""

    def exists(self, name: str) -> bool:
        """Whether there is a secret of this name, usable or not."""

    def read(self, name: str) -> str:
        """The secret's text; asked for only in order to write it anew."""

    def make(self, name: str, text: str) -> bool:
        """Write a secret unless there is one; whether it was written."""

    def write(self, name: str, text: str) -> None:
        """Write a secret in place of what is there, whole or not at all."""

    def kept(self) -> list[Kept]:
        """All secrets by name."""

    def alone(self) -> AbstractContextManager[None]:
        """Hold off other commands that read a secret in order to write it anew."""
