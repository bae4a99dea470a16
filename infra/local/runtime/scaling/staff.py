"""What a fleet asks of those who run its instances."""

from typing import Protocol, TypeVar

from infra.local.runtime.emulate import Failure

Call_contra = TypeVar("Call_contra", contravariant=True)
Instance_contra = TypeVar("Instance_contra", contravariant=True)


class Staff(Protocol[Call_contra, Instance_contra]):
    """The outside of a fleet: real processes, or a simulation's."""

    def start(self) -> None:
        """Begin to start one instance; `ready` or `start_failed` follows."""

    def assign(self, instance: Instance_contra, call: Call_contra) -> None:
        """Give the call to an instance with room for it; `done` or `lost` follows."""

    def stop(self, instance: Instance_contra, *, worn: bool = False) -> None:
        """End an idle instance, `worn` when another takes its place; nothing follows."""

    def fail(self, call: Call_contra, failure: Failure) -> None:
        """Answer a call that no instance took."""

    def drained(self) -> None:
        """A retired fleet has nothing left."""
