"""What things are called in the account: by the stack and the shop's own name for them.

Names are the same each time, so that an operator finds a thing, and one policy or command can name
it before it is there. Buckets alone get letters of Pulumi's behind it: the whole world shares their
names.
"""

from dataclasses import dataclass
from typing import Final

ALIAS: Final = "live"
"""What calls a function calls this alias; it points at one published version."""

FAILED: Final = "failed"
"""The queue of calls that failed for good; no queue of the shop's can have its name."""

BUCKET_RANDOM: Final = len("-1234567")
LONGEST: Final = {
    "function": 64,
    "role": 64,
    "rule": 64,
    "queue": 80,
    "table": 255,
    "bucket": 63 - BUCKET_RANDOM,
    "alarm": 255,
}
"""Characters that AWS takes in a name, by what is named."""

_PREFIX = "shop"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one stack's things."""

    stack: str

    def of(self, *parts: str) -> str:
        """The name of a function, table, queue, role …, as `shop-aws-dev-users`."""
        return "-".join((_PREFIX, self.stack, *parts))

    def dead_letters(self, queue: str) -> str:
        """The name of the queue that takes what this one gave up, as `shop-aws-dev-mail-dead`."""
        return self.of(queue, "dead")

    def secret(self, name: str) -> str:
        """The name of a secret, as `shop/aws-dev/token-key`."""
        return f"{_PREFIX}/{self.stack}/{name}"
