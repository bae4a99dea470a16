"""The function's own module of app/handlers/, found by the name that the environment gives."""

from importlib import import_module

from app.bootstrap import ConfigurationError

TYPE_CHECKING = False  # typing's own would be loaded for it, in every cold start
if TYPE_CHECKING:
    from typing import Any


def defined(name: str, wanted: str) -> "Any":
    """What the module of the function `name` defines as `wanted`. Raises ConfigurationError."""
    module_name = f"app.handlers.{name.replace('-', '_')}"
    try:
        found = getattr(import_module(module_name), wanted, None)
    except ModuleNotFoundError as error:
        if error.name != module_name:  # the handler is there, what it imports is not
            raise
        raise ConfigurationError(
            f"SHOP_HANDLER is {name!r}: the package holds no {module_name}"
        ) from error
    if not found:
        raise ConfigurationError(f"SHOP_HANDLER is {name!r}: {module_name} defines no {wanted}")
    return found
