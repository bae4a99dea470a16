"""The one composition root: a function's environment becomes what its handlers work with."""

from collections.abc import Mapping
from dataclasses import dataclass


class ConfigurationError(Exception):
    """The function's environment cannot be used; it says which key, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a handler may use. `stack` is the name of the stack that the function belongs to."""

    stack: str


def required(environment: Mapping[str, str], key: str) -> str:
    """The value of `key`. Raises ConfigurationError when it is missing or empty."""
    value = environment.get(key, "")
    if not value:
        raise ConfigurationError(
            f"the environment has no {key}: the function cannot start; "
            f"deploy it through its stack, which sets {key}"
        )
    return value


def services(environment: Mapping[str, str]) -> Services:
    """Everything wired. Raises ConfigurationError."""
    return Services(stack=required(environment, "SHOP_STACK"))
