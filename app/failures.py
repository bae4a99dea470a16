"""An error as one line of JSON, since the clouds' logs take each line for an entry.

Lambda believes a line's level only beside a time: one without is INFO, and where fewer are kept it
is lost.
"""

import json


def line(error: Exception, **about: object) -> str:
    """The line, with what it is `about`: ids and names, never a body."""
    import traceback  # noqa: PLC0415 - errors are rare, every cold start would pay
    from datetime import UTC, datetime  # noqa: PLC0415 - the same

    entry = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "error",
        **about,
        "error": type(error).__name__,
        "message": str(error),
        "trace": "".join(traceback.format_exception(error)),
    }
    return json.dumps(entry) + "\n"
