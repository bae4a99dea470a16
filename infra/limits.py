"""What the providers allow, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.model import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one provider's functions may have.

    `memory_mb` holds every size that can be chosen, `timeout_s` the longest run of a function that
    no route calls, `environment_bytes` the names and values of all variables together, and
    `reserved` the first letters of the variables that the provider keeps for itself.
    """

    title: str
    memory_mb: range
    timeout_s: int
    environment_bytes: int
    reserved: tuple[str, ...]
    function_name: int


LIMITS: Final[Mapping[Provider, Limits]] = {
    "aws": Limits(
        title="AWS Lambda",
        memory_mb=range(128, 10_240 + 1),
        timeout_s=900,
        environment_bytes=4096,
        reserved=("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN_"),
        function_name=64,
    ),
    "alicloud": Limits(
        title="Function Compute",
        memory_mb=range(128, 32_768 + 1, 64),
        timeout_s=86_400,
        environment_bytes=4096,
        # the runtime puts a function's short-lived credentials into ALIBABA_CLOUD_*
        reserved=("FC_", "ALIBABA_CLOUD_"),
        function_name=64,
    ),
}

# What holds on every provider: the narrowest of their limits, so that a shop can move.
ROUTE_TIMEOUT_S: Final = 29  # an HTTP API gives up on its integration after 30 s
INSTANCES: Final = range(1000 + 1)  # Lambda's default for a whole account
QUEUE_MS: Final = range(29_000 + 1)
NAME: Final = 64
BUCKET_NAME: Final = range(3, 63 + 1)
TABLE_NAME: Final = range(3, 64 + 1)  # and an index's; DynamoDB refuses shorter ones
COLUMN_NAME: Final = range(1, 64 + 1)  # what the port of tables takes
TABLES: Final = 64  # an instance of TableStore, indexes among them
INDEXES: Final = 5  # a table of TableStore
PENDING_DAYS: Final = range(1, 365 + 1)
RATE: Final = range(1, 10_000 + 1)  # an account's default for all of its HTTP APIs in a region
BURST: Final = range(1, 5000 + 1)
TABLE_UNITS: Final = range(1, 40_000 + 1)  # DynamoDB's default for one table
BATCH: Final = range(1, 10 + 1)  # what one receive call of SQS returns
VISIBILITY_S: Final = range(1, 43_200 + 1)
VISIBILITY_TIMES: Final = 6  # of the consumer's time-out; AWS's rule for queues before functions
ATTEMPTS: Final = range(1, 1000 + 1)
CONSUMERS: Final = range(2, 1000 + 1)  # a queue's concurrency on Lambda
EVERY_MINUTES: Final = range(1, 1440 + 1)
