"""What a platform states and this target does not do, or does otherwise, as plain data."""

from collections.abc import Mapping
from typing import Final

UNLIKE: Final[Mapping[str, str]] = {
    "functions.snap_start": "Function Compute takes no snapshots of Python: refused",
    "throttle.burst": "API Gateway counts calls second by second; a custom domain has no throttles",
    "tables.max_reads": "TableStore has no cap for a table that is paid by request",
    "tables.max_writes": "TableStore has no cap for a table that is paid by request",
}
"""By what is stated, what becomes of it: it has no counterpart."""

_THROTTLES: Final = "a custom domain has no throttles, max_instances is the limit there"
AT_DOMAIN: Final[Mapping[str, str]] = {
    "throttle.rate": _THROTTLES,
    "throttle.burst": _THROTTLES,
}
"""The same where the shop has a domain of its own."""

OTHERWISE: Final[Mapping[str, str]] = {
    "queues.max_attempts": "SMQ counts how often EventBridge fetches a message; for each time, "
    "EventBridge calls the consumer up to 177 times in a day, refused calls among them, before it "
    "sets the batch aside",
    "throttle.rate": f"API Gateway holds it, route by route; {_THROTTLES}",
}
"""By what is stated and carried out, what is not as its name says."""

LACKING: Final[Mapping[str, str]] = {
    "cloudwatch.Dashboard": "no dashboard: the console of each service shows its figures",
    "budgets.Budget": "no budget: one that is made in the console (Expenses and Costs) warns",
}
"""By what AWS has for every stack, what there is instead."""
