"""The shop: what it is made of, whichever provider runs it.

To add a function, write `app/handlers/<name>.py`, then one `Function` and one `Route` below.
A stack's settings may change a function's size and limits; they cannot add one.
"""

from dataclasses import replace

from infra.model import Function, Platform, Route
from infra.settings import FunctionOverrides, Settings

FUNCTIONS = (
    Function(name="health", memory_mb=128, timeout_s=5),
)  # fmt: skip

ROUTES = (
    Route(method="GET", path="/health", function="health"),
)  # fmt: skip

FUNCTION_NAMES = tuple(function.name for function in FUNCTIONS)


def platform(settings: Settings, stack: str) -> Platform:
    """The shop as this stack wants it, not yet checked."""
    return Platform(
        stack=stack,
        functions=tuple(
            fitted(function, settings.functions.get(function.name, FunctionOverrides()), stack)
            for function in FUNCTIONS
        ),
        routes=ROUTES,
    )


def fitted(function: Function, wanted: FunctionOverrides, stack: str) -> Function:
    """`function` with the stack's own values, and with the variables its entrypoint needs."""
    given = wanted.model_dump(exclude_none=True, exclude={"environment"})
    sizes = {key: given[key] for key in ("memory_mb", "timeout_s") if key in given}
    scaling = {key: given[key] for key in given if key not in sizes}
    ours = {"SHOP_STACK": stack}
    if function.handler is None:
        ours["SHOP_HANDLER"] = function.name
    return replace(
        function,
        **sizes,
        scaling=replace(function.scaling, **scaling),
        environment={**function.environment, **wanted.environment, **ours},
    )
