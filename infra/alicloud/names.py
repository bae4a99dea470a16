"""What things are called in the account: by the stack and the shop's own name for them.

TableStore's instance is a name of its own, since it takes 16 characters and some words not at all.
No one else in the region has it, so what all accounts share the names of, buckets and the project
of logs, begins with it. Tables and indexes have the instance to themselves and keep their names.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

ALIAS: Final = "live"
"""What calls a function calls this alias; it points at one published version."""

LONGEST: Final = {
    "function": 64,
    "role": 64,
    "trigger": 128,
    "queue": 120,
    "bucket": 63,
    "project": 63,
    "secret": 180,
}
"""Characters that Alibaba Cloud takes in a name, by what is named."""
LABEL: Final = 50
"""Characters that API Gateway takes in a name."""
CODE: Final = "code"
"""The bucket that the functions' packages lie in; no bucket of the shop's can have its name."""

_PREFIX = "shop"
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one stack's things."""

    stack: str
    instance: str

    def of(self, *parts: str) -> str:
        """The name of a function, queue, role, secret …, as `shop-alicloud-dev-auth`."""
        return "-".join((_PREFIX, self.stack, *parts))

    def dead_letters(self, queue: str) -> str:
        """The name of the queue that takes what this one gave up."""
        return self.of(queue, "dead")

    def bucket(self, name: str) -> str:
        """The name of a bucket, as `shop-dev-1-uploads`."""
        return f"{self.instance}-{name}"

    @staticmethod
    def index(table: str, name: str) -> str:
        """The name of a table's index, which is one of the instance's among those of tables."""
        return f"{table}_{name}"

    @property
    def project(self) -> str:
        """The name of the project of logs."""
        return f"{self.instance}-logs"

    def label(self, *parts: str) -> str:
        """A name for API Gateway, which takes letters, digits and underscores alone.

        One that would be too long ends in a digest of the whole.
        """
        whole = self.of(*parts).replace("-", "_")
        if len(whole) <= LABEL:
            return whole
        digest = sha256(whole.encode()).hexdigest()[:_DIGEST]
        return f"{whole[: LABEL - _DIGEST - 1]}_{digest}"
