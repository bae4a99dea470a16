"""The same thing done by many at once."""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def at_once(*runs: Callable[[], Result]) -> list[Result]:
    """What each of them returned, in their order; all start together, each in its own thread.

    Raises what the first of them raised.
    """
    start = threading.Barrier(len(runs))
    results: dict[int, Result] = {}
    errors: list[BaseException] = []

    def one(place: int) -> None:
        start.wait()
        try:
            results[place] = runs[place]()
        except BaseException as error:  # noqa: BLE001 - raised on below
            errors.append(error)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(runs))]
