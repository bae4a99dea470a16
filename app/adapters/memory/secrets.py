"""Secrets that are given, and gone with the process."""

from collections.abc import Mapping

from app.ports.errors import ResourceMissingError


class MemorySecrets:
    """Secrets by their names."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` gives each secret's text; a later change of it is seen."""
        self._texts = texts

    def get(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError."""
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError."""
        text = self._texts.get(name)
        if text is None:
            raise ResourceMissingError(f"there is no secret {name} here")
        return text
