"""Passwords by argon2id, whose cost is memory, which is what attackers' hardware is short of."""

from functools import cached_property

import argon2
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError
from argon2.low_level import Type, error_to_str

from app.ports.errors import InvalidValueError, UnavailableError

PASSWORD_BYTES = 1024
_LARGEST_KIB, _MOST_PASSES = 256 * 1024, 16
_OUT_OF_MEMORY = error_to_str(-22)  # ARGON2_MEMORY_ALLOCATION_ERROR


def _parameters(memory_kib: int, passes: int) -> argon2.Parameters:
    return argon2.Parameters(
        type=Type.ID,
        version=19,
        salt_len=16,
        hash_len=32,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=1,
    )


OWASP = _parameters(memory_kib=19 * 1024, passes=2)
"""The OWASP cheat sheet's least for argon2id: some 30 ms of one core."""

CHEAP_FOR_TESTS_ONLY = _parameters(memory_kib=8, passes=1)
"""The least that argon2 takes: guards nothing, takes microseconds."""


class Argon2Passwords:
    """Hashes passwords and recognises them."""

    def __init__(self, parameters: argon2.Parameters = OWASP) -> None:
        """`parameters` of new hashes; those of earlier ones are read from the hashes themselves."""
        self._parameters = parameters
        self._hasher = argon2.PasswordHasher.from_parameters(parameters)

    def hash(self, password: str) -> str:
        """A text to keep.

        Raises InvalidValueError for a password over 1,024 bytes or that is no Unicode text, and
        UnavailableError when there is not enough memory.
        """
        secret = _encoded(password)
        if secret is None:
            raise InvalidValueError(
                f"the password cannot be kept: it must be Unicode text of at most {PASSWORD_BYTES} "
                "bytes in UTF-8"
            )
        try:
            return self._hasher.hash(secret)
        except HashingError as error:
            raise UnavailableError(f"the password was not hashed: {error}") from None

    def verify(self, kept: str, password: str) -> bool:
        """Whether this is the password that `kept` was made of; slow for what is no hash, too.

        Raises UnavailableError when there is not enough memory to tell.
        """
        secret = _encoded(password)
        if secret is None or not _usable(kept):
            self._matches(self._another, b"")
            return False
        found = self._matches(kept, secret)
        if found is None:
            self._matches(self._another, b"")
        return bool(found)

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's, or is no hash."""
        try:
            return argon2.extract_parameters(kept) != self._parameters
        except (InvalidHashError, ValueError, LookupError):
            return True

    @cached_property
    def _another(self) -> str:
        """A hash that is compared for the time it takes."""
        return self._hasher.hash(b"nobody's")

    def _matches(self, kept: str, secret: bytes) -> bool | None:
        """Whether they match; None when `kept` is no hash after all."""
        try:
            return self._hasher.verify(kept, secret)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            if str(error) == _OUT_OF_MEMORY:
                raise UnavailableError(f"the password was not compared: {error}") from None
            return None


def _encoded(password: str) -> bytes | None:
    """The password's bytes, or None where it has none, or too many."""
    try:
        secret = password.encode()
    except UnicodeEncodeError:  # lone surrogates
        return None
    return secret if len(secret) <= PASSWORD_BYTES else None


def _usable(kept: str) -> bool:
    """Whether it looks like a hash, and like one that does not take all memory to compare."""
    if not kept.isascii() or "\0" in kept:
        return False
    try:
        found = argon2.extract_parameters(kept)
    except (InvalidHashError, ValueError, LookupError):
        return False
    return found.memory_cost <= _LARGEST_KIB and found.time_cost <= _MOST_PASSES
