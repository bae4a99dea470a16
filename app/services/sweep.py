"""The sweep: what nobody finished and what is past, part by part, whatever fails in one."""

from collections.abc import Callable, Mapping

from app.services import log


class SweepError(Exception):
    """Parts of the sweep failed; it names them, the log has the reasons."""


def sweep(parts: Mapping[str, Callable[[], int]]) -> dict[str, int]:
    """Run every part; how many things each dealt with. Raises SweepError when any failed."""
    counts: dict[str, int] = {}
    failed: list[str] = []
    for name, part in parts.items():
        try:
            counts[name] = part()
        except Exception as error:  # noqa: BLE001 - the other parts are to run
            log.failed(name, error)
            failed.append(name)
    if failed:
        raise SweepError(f"not all of it was done: {', '.join(failed)}")
    return counts
