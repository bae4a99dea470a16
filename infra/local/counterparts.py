"""What each kind of resource is there for on this machine, as plain data.

A function's grants are variables that it gets, so they are no resource here.
"""

from collections.abc import Mapping
from typing import Final

COUNTERPARTS: Final[Mapping[str, str]] = {
    "local:index:Function": "function",
    "local:index:Gateway": "route",
    "local:index:Table": "table, index",
    "local:index:Bucket": "bucket",
    "local:index:Storage": "bucket",
    "local:index:Queue": "queue",
    "local:index:Schedule": "schedule",
    "local:index:Runtime": "every stack",
}
"""By a resource's type, the things of the platform that it is there for."""
