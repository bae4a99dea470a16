"""TableStore's SDK, loaded when it is first asked for, without what a function has no use for.

Its package imports aiohttp, for a client that nobody here makes, crc32c for time series, and for
these numpy as well, where it finds it: most of a cold start goes into these. Its compiled halves
load into some interpreters and not into others, and do just what those in Python do. Packages of
functions come without all that (infra/packages/cuts.py), and stand-ins take the places here. Those
of other libraries go when the SDK is loaded, so that nobody else finds one; what is there is taken.
"""

import logging
import sys
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_COMPILED = ("tablestore.native", "tablestore.ots_sdk")
_FOREIGN = ("aiohttp", "crc32c")
# tells of each error what was asked and answered, rows among it; the adapter tells what it may
_TELLING = "tablestore-client"


@cache
def sdk() -> Any:
    """The module `tablestore`."""
    telling = logging.getLogger(_TELLING)
    telling.propagate = False
    telling.setLevel(logging.CRITICAL)
    for name in _COMPILED:
        sys.modules.setdefault(name, _Absent(name))
    missing = [name for name in _FOREIGN if find_spec(name) is None]
    sys.modules.update({name: _Absent(name) for name in missing})
    try:
        return _loaded()
    finally:
        for name in missing:
            del sys.modules[name]


def _loaded() -> Any:
    import tablestore  # noqa: PLC0415 - takes longer than all else in a cold start

    return tablestore


class _Absent(ModuleType):
    """Has every name that is imported from it, each of them None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)
