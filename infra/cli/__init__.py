"""What the make commands run, one module each."""

import sys
from types import TracebackType


def _without_trace(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say nothing of an interrupt: who pressed the keys knows. Python still ends by the signal."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


# Here, since `python -m infra.cli.…` reads this first: an interrupt can come during the imports.
sys.excepthook = _without_trace
