"""What every kind of resource of the local cloud has: one small class each, all with one shape."""

from collections.abc import Mapping
from typing import Any, Protocol

from infra.local.client import NotRunningError, ask
from infra.local.places import Places
from infra.local.runtime.specs import Rule

Plain = dict[str, Any]


class Kind(Protocol):
    """What the provider needs of a kind. Properties are plain values by name."""

    rules: Mapping[str, Rule]
    """What each input must be."""

    replacing: frozenset[str]
    """The inputs whose change makes another resource of it."""

    def identify(self, places: Places, inputs: Plain, /) -> str:
        """The resource's id."""

    def report(self, inputs: Plain, /) -> Plain:
        """Inputs and outputs, as the state holds them."""

    def create(self, places: Places, inputs: Plain, /) -> None:
        """Bring it up; can be repeated. Raises PlatformError."""

    def change(self, places: Places, inputs: Plain, /) -> None:
        """Put new inputs in the place of the old; can be repeated. Raises PlatformError."""

    def find(self, places: Places, old: Plain, /) -> Plain | None:
        """The inputs as they are in force, or None when it does not run. No side effect."""

    def delete(self, places: Places, old: Plain, /) -> None:
        """Remove; no error when it is not there."""


class Named:
    """What kinds have alike of which a clone holds several, told apart by their names."""

    def identify(self, places: Places, inputs: Plain) -> str:
        """Of this clone and this name."""
        return f"{places.key}-{inputs['name']}"

    def report(self, inputs: Plain) -> Plain:
        """The inputs."""
        return inputs


def describe(places: Places) -> Plain | None:
    """What the supervisor says that runs, or None when there is none."""
    try:
        found: Plain = ask(places, "describe")
    except NotRunningError:
        return None
    return found


def without(found: Plain, names: Mapping[str, Rule]) -> Plain:
    """The properties that have none of these names."""
    return {name: value for name, value in found.items() if name not in names}


def only(old: Plain, names: Mapping[str, Rule]) -> Plain:
    """The properties of these names, as far as they are there: those that Pulumi remembers."""
    return {name: old[name] for name in names if name in old}
