"""What makes the adapters of one kind, each when it is asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # or every function would be packed with every adapter
    from app.ports.blobs import Bucket
    from app.ports.clock import Clock
    from app.ports.passwords import Passwords
    from app.ports.payments import Payments
    from app.ports.queue import Queue
    from app.ports.secrets import Secrets
    from app.ports.tables import Table

Stated = Mapping[str, Any]
"""What the environment says of one resource: `may` lists the granted actions, the rest is the
adapter's (`at`: where it is)."""


class Adapters(Protocol):
    """What makes the adapters of one kind."""

    def table(self, name: str, stated: Stated) -> "Table":
        """The table of this name, whatever is granted on it."""

    def bucket(self, name: str, stated: Stated) -> "Bucket":
        """The bucket of this name, whatever is granted on it."""

    def queue(self, name: str, stated: Stated) -> "Queue":
        """The queue of this name, whatever is granted on it."""

    def secrets(self, stated: Mapping[str, Stated]) -> "Secrets":
        """The secrets stated, and no other."""

    def passwords(self) -> "Passwords":
        """What hashes passwords."""

    def clock(self) -> "Clock":
        """The time."""

    def payments(self, services: Any) -> "Payments":
        """The provider of payments that the environment names.

        `services` are those of the function, which has what the provider needs.
        """
