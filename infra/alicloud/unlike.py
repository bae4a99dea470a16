"""What a platform or a stack states and this target has no counterpart for, as plain data."""

from collections.abc import Mapping
from typing import Final

UNLIKE: Final[Mapping[str, str]] = {
    "functions.snap_start": "Function Compute takes no snapshots of Python: refused",
    "throttle.burst": "API Gateway counts calls second by second; a custom domain has no throttles",
    "tables.max_reads": "TableStore has no cap for a table that is paid by request",
    "tables.max_writes": "TableStore has no cap for a table that is paid by request",
    "buckets.public": "no CDN (its domain is filed by hand): OSS gives out kept/ alone",
}
"""By what is stated, what becomes of it."""
