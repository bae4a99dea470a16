"""Everything a shop needs, in memory: what tests, and simulations, give to `Services`."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.adapters.common.passwords import CHEAP_FOR_TESTS_ONLY, Argon2Passwords
from app.adapters.common.payments import open_payments
from app.adapters.common.tables import schema_of
from app.adapters.memory.blobs import MemoryBucket
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.payments import MemoryPayments
from app.adapters.memory.queue import MemoryQueue
from app.adapters.memory.secrets import MemorySecrets
from app.adapters.memory.tables import MemoryTable
from app.ports.adapters import Stated
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.passwords import Passwords
from app.ports.payments import Payments
from app.ports.queue import Queue
from app.ports.secrets import Secrets
from app.ports.tables import Table

_Made = TypeVar("_Made")


class MemoryCloud:
    """`Adapters` whose stores live as long as this does: whoever asks by one name gets the same.

    Each store is made as it is first stated. `tables`, `buckets` and `queues` are those made so
    far, for whoever wants to see behind a function's grants; `pay` is the provider of payments.
    """

    def __init__(
        self,
        clock: MemoryClock,
        secrets: Mapping[str, str],
        *,
        lag_ms: int = 0,
        passwords: Passwords | None = None,
    ) -> None:
        """`secrets` gives their texts by name; indexes lag by `lag_ms`.

        Passwords are hashed for tests, at a cost that guards nothing, unless another is given.
        """
        self.tables: dict[str, MemoryTable] = {}
        self.buckets: dict[str, MemoryBucket] = {}
        self.queues: dict[str, MemoryQueue] = {}
        self.pay = MemoryPayments(clock)
        self._clock = clock
        self._secrets = MemorySecrets(secrets)
        self._lag_ms = lag_ms
        self._passwords = passwords or Argon2Passwords(CHEAP_FOR_TESTS_ONLY)
        self._lock = threading.Lock()

    def table(self, name: str, stated: Stated) -> Table:
        """The table of this name."""
        return self._one(
            self.tables, name, lambda: MemoryTable(schema_of(stated), self._clock, self._lag_ms)
        )

    def bucket(self, name: str, stated: Stated) -> Bucket:
        """The bucket of this name."""
        public = bool(stated.get("public"))
        return self._one(
            self.buckets, name, lambda: MemoryBucket(self._clock, name=name, public=public)
        )

    def queue(self, name: str, stated: Stated) -> Queue:  # noqa: ARG002 - the port's
        """The queue of this name."""
        return self._one(self.queues, name, MemoryQueue)

    def secrets(self, stated: Mapping[str, Stated]) -> Secrets:  # noqa: ARG002 - the port's
        """All secrets; the grants stand before it."""
        return self._secrets

    def passwords(self) -> Passwords:
        """What hashes passwords."""
        return self._passwords

    def clock(self) -> Clock:
        """The time."""
        return self._clock

    def payments(self, services: Any) -> Payments:
        """That of tests; but the one that the environment names, where it names one."""
        stated = services.environment.get("SHOP_PAYMENTS", "")
        if not stated:
            return self.pay
        return open_payments(stated, services.table, services.secrets, services.clock)

    def _one(self, made: dict[str, _Made], name: str, make: Callable[[], _Made]) -> _Made:
        with self._lock:
            if name not in made:
                made[name] = make()
            return made[name]
