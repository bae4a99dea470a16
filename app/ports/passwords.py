"""Passwords are kept as slow salted hashes."""

from typing import Protocol


class Passwords(Protocol):
    """Hashes passwords and recognises them."""

    def hash(self, password: str) -> str:
        """A text to keep: another one each time, even for the same password."""

    def verify(self, kept: str, password: str) -> bool:
        """Whether this is the password that `kept` was made of; as slow as `hash` either way.

        A text that is no hash fits no password.
        """

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's, and should be made anew."""
