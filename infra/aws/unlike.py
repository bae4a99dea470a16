"""What a platform or a stack states and this target has no counterpart for, as plain data."""

from collections.abc import Mapping
from typing import Final

UNLIKE: Final[Mapping[str, str]] = {}
"""By what is stated, what becomes of it: all of it has a counterpart here."""
