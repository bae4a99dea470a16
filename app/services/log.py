"""What a service tells the log when it goes on all the same."""

import sys

from app.failures import line


def failed(what: str, error: Exception) -> None:
    """One line on standard error: which part of the work failed, and why."""
    sys.stderr.write(line(error, level="warn", failed=what))
