"""Secrets are read by name when they are needed; no environment and no file of ours holds one."""

from typing import Protocol


class Secrets(Protocol):
    """The secrets that this function may read."""

    def get(self, name: str) -> str:
        """The secret's text as it is now, or was a moment ago; `fresh` asks the store itself.

        Raises AccessDeniedError, ResourceMissingError and UnavailableError.
        """

    def fresh(self, name: str) -> str:
        """The secret's text as the store has it now. Raises as `get` does."""
