"""What each cloud calls: `app.entrypoints.<cloud>.<trigger>`, for http, queue and schedule.

Each stands in a module of its own, found by its name, so that a function is packed with what its
own kind of trigger needs and no more.
"""

import os
from importlib import import_module

TYPE_CHECKING = False  # typing's own would be loaded for it, in every cold start
if TYPE_CHECKING:
    from typing import Any

_TRIGGERS = ("http", "queue", "schedule")


def wire(cloud: str, trigger: str) -> "Any":
    """What the module `<cloud>_<trigger>` makes of the environment. Raises ConfigurationError.

    Raises AttributeError for what is no trigger, as a look-up in a module does.
    """
    if trigger not in _TRIGGERS:
        raise AttributeError(f"module {cloud!r} has no attribute {trigger!r}")
    return import_module(f"{cloud}_{trigger}").make(os.environ)
