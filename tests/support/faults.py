"""Adapters that break, or let another go first, at one call: to see what comes of it."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from app.ports.adapters import Adapters, Stated
from app.ports.blobs import Bucket
from app.ports.clock import Clock
from app.ports.passwords import Passwords
from app.ports.payments import Payments
from app.ports.queue import Queue
from app.ports.secrets import Secrets
from app.ports.tables import Table


class KilledError(BaseException):
    """The process ended here: nothing of ours catches it."""


class Faults:
    """Adapters whose `at`-th call of a store (from 1) raises `error`.

    It is raised before the call, or, with `after`, when the call was done: an answer that is lost.
    With at=0 it only counts. `calls` are those made so far, as `users.put`.
    """

    def __init__(
        self, adapters: Adapters, at: int, error: Callable[[], BaseException], *, after: bool
    ) -> None:
        self.calls: list[str] = []
        self._adapters = adapters
        self._at = at
        self._error = error
        self._after = after
        self._lock = threading.Lock()

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        with self._lock:
            self.calls.append(name)
            broken = len(self.calls) == self._at
        if broken and not self._after:
            raise self._error()
        result = run()
        if broken:
            raise self._error()
        return result

    def table(self, name: str, stated: Stated) -> Table:
        found: Table = _Broken(self, name, self._adapters.table(name, stated))
        return found

    def bucket(self, name: str, stated: Stated) -> Bucket:
        found: Bucket = _Broken(self, name, self._adapters.bucket(name, stated))
        return found

    def queue(self, name: str, stated: Stated) -> Queue:
        found: Queue = _Broken(self, name, self._adapters.queue(name, stated))
        return found

    def secrets(self, stated: Mapping[str, Stated]) -> Secrets:
        return self._adapters.secrets(stated)

    def passwords(self) -> Passwords:
        return self._adapters.passwords()

    def clock(self) -> Clock:
        return self._adapters.clock()

    def payments(self, services: Any) -> Payments:
        found: Payments = _Broken(self, "payments", self._adapters.payments(services))
        return found


class Interleaved(Faults):
    """Adapters where `meanwhile` happens just before the `at`-th call of a store (from 1)."""

    def __init__(self, adapters: Adapters, at: int, meanwhile: Callable[[], object]) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._place = at
        self._meanwhile = meanwhile

    def call(self, name: str, run: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if len(self.calls) == self._place:
            self._meanwhile()
        return run()


class _Broken:
    """A store of which every method is a call that may be the broken one."""

    def __init__(self, faults: Faults, name: str, store: object) -> None:
        self._faults = faults
        self._name = name
        self._store = store

    def __getattr__(self, method: str) -> Any:
        there = getattr(self._store, method)

        def run(*given: Any, **named: Any) -> Any:
            return self._faults.call(f"{self._name}.{method}", lambda: there(*given, **named))

        return run
