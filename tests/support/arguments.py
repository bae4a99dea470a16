"""What the resources of a provider's SDK take, and which of it is deprecated."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any


def arguments(kind: str) -> Any:
    """The class of a resource's arguments, `TableArgs` for `aws:dynamodb/table:Table`."""
    provider, module, name = kind.split(":")
    package = module.split("/")[0]
    home = importlib.import_module(
        f"pulumi_{provider}.{'lambda_' if package == 'lambda' else package}"
    )
    # the resource's own module has its arguments even where the package does not offer them
    made = importlib.import_module(getattr(home, name).__module__)
    return getattr(made, f"{name}Args")


def accepted(arguments_of: Any) -> dict[str, property]:
    """The properties of a class of arguments by their names on the wire."""
    found = inspect.getmembers(arguments_of, lambda each: isinstance(each, property))
    return {getattr(each.fget, "_pulumi_name", name): each for name, each in found}


def deprecated(arguments_of: Any, inputs: Any, path: str) -> Iterator[str]:
    """Every argument among `inputs`, nested ones too, that the provider calls deprecated."""
    for name, value in inputs.items():
        stated = accepted(arguments_of).get(name)
        if stated is None:
            continue
        if "_pulumi_deprecated_callable" in vars(stated.fget):
            yield f"{path}.{name}"
        hint = str(getattr(stated.fget, "__annotations__", {}).get("return", ""))
        package = importlib.import_module(arguments_of.__module__.rsplit(".", 1)[0])
        for inner in sorted(set(re.findall(r"(\w+Args)\b", hint))):
            if nested := getattr(package, inner, None):
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, dict):
                        yield from deprecated(nested, each, f"{path}.{name}")
