"""What the local cloud is told to run, checked where it comes in.

The provider's `check` and the control socket use the same rules, so what a preview accepts the
supervisor accepts too. Names are those of the resources' properties in Pulumi.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from infra import limits
from infra.local.runtime.emulate.registry import NAMES


@dataclass(frozen=True, slots=True)
class Invalid:
    """A property that cannot be used, and why."""

    property: str
    reason: str


class InvalidSpecError(Exception):
    """A specification that was refused; says every reason."""

    def __init__(self, found: list[Invalid]) -> None:
        self.found = found
        super().__init__("; ".join(f"{each.property}: {each.reason}" for each in found))


Rule = Callable[[Any], str | None]


def text(value: object) -> str | None:
    """A text that is not empty."""
    return None if isinstance(value, str) and value else "must be a text that is not empty"


def whole(low: int, high: int) -> Rule:
    """A whole number within bounds, both included. Pulumi's numbers are doubles."""

    def rule(value: object) -> str | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        # bounds first: int() refuses what is infinite or no number
        if number and low <= value <= high and value == int(value):  # type: ignore[call-overload, operator]
            return None
        return f"must be a whole number from {low} to {high}"

    return rule


def one_of(*choices: str) -> Rule:
    """One of a few texts."""
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}"


def texts(value: object) -> str | None:
    """A mapping of texts to texts."""
    right = isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values())
    return None if right else "must be a mapping of texts to texts"


def text_or_empty(value: object) -> str | None:
    """A text, or an empty one where there is none."""
    return None if isinstance(value, str) else "must be a text"


def flag(value: object) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def text_lists(value: object) -> str | None:
    """A mapping of texts to lists of texts."""
    right = isinstance(value, Mapping) and all(
        isinstance(each, str) and isinstance(found, list) and all(isinstance(v, str) for v in found)
        for each, found in value.items()
    )
    return None if right else "must be a mapping of texts to lists of texts"


def text_list(value: object) -> str | None:
    """A list of texts with at least one in it."""
    right = isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value)
    return None if right else "must be a list of texts with at least one in it"


EMULATE = one_of(*NAMES)
PORT = whole(1024, 65535)


def invalid(
    rules: Mapping[str, Rule], found: Mapping[str, Any], unknown: frozenset[str] = frozenset()
) -> list[Invalid]:
    """Every property that cannot be used; those in `unknown` are not known yet and pass."""
    wrong = [
        Invalid(name, reason)
        for name, rule in rules.items()
        if name not in unknown and (reason := rule(found.get(name)))
    ]
    surplus = found.keys() - rules.keys() - unknown
    return wrong + [Invalid(name, "is not a property") for name in sorted(surplus)]


class Spec:
    """The rules of one kind of resource; its dataclass has a field for each of them."""

    RULES: ClassVar[Mapping[str, Rule]]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """The specification; raises InvalidSpecError."""
        if wrong := invalid(cls.RULES, found):
            raise InvalidSpecError(wrong)
        return cls(**{name: int(v) if isinstance(v, float) else v for name, v in found.items()})


@dataclass(frozen=True, slots=True)
class FunctionSpec(Spec):
    """One function: what to run, how large, how many. `code` is the folder that it runs in."""

    name: str
    emulate: str
    handler: str
    fingerprint: str
    code: str
    memory_mb: int
    timeout_s: int
    min_instances: int
    max_instances: int
    queue_ms: int
    environment: dict[str, str]

    RULES: ClassVar[Mapping[str, Rule]] = {
        "name": text,
        "emulate": EMULATE,
        "handler": text,
        "fingerprint": text,
        "code": text,
        # The emulated cloud's own limits are the platform's check to know; these are wider.
        "memory_mb": whole(1, 32_768),
        "timeout_s": whole(1, 86_400),
        "min_instances": whole(0, limits.INSTANCES[-1]),
        "max_instances": whole(1, limits.INSTANCES[-1]),
        "queue_ms": whole(0, limits.QUEUE_MS[-1]),
        "environment": texts,
    }


@dataclass(frozen=True, slots=True)
class GatewaySpec(Spec):
    """Where the gateway listens and what it serves: `routes` maps `GET /users/{id}` to a function.

    A body larger than `body_limit` bytes is refused.
    """

    port: int
    emulate: str
    body_limit: int
    routes: dict[str, str]

    RULES: ClassVar[Mapping[str, Rule]] = {
        "port": PORT,
        "emulate": EMULATE,
        "body_limit": whole(1, 6 * 1024 * 1024),
        "routes": texts,
    }
