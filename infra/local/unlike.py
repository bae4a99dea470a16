"""What a stack states and this machine does not carry out, as plain data."""

from collections.abc import Mapping
from typing import Final

UNLIKE: Final[Mapping[str, str]] = {
    "functions.snap_start": "every instance is forked from a process that has started",
    "functions.scheduled": "as many are ready as min_instances says, at all times",
    "throttle.rate": "the gateway counts no requests",
    "throttle.burst": "the gateway counts no requests",
    "tables.max_reads": "a table takes what the disk takes",
    "tables.max_writes": "a table takes what the disk takes",
    "buckets.pending_days": "what nobody attached goes by the shop's own sweep alone",
    "buckets.allow_replace": "no update deletes a bucket's blobs",
    "origins": "the storage answers the pages of every site, the gateway tells browsers of none",
}
"""By what is stated, what becomes of it."""
