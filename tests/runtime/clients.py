"""Clients that ask together, or all the time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.wire_http import Answer


def at_once(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    """So many answers, asked for together."""
    found: list[Answer] = []
    asking = [threading.Thread(target=lambda: found.append(ask())) for _ in range(count)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    return found


@contextmanager
def under_requests(ask: Callable[[], Answer], clients: int = 4) -> Iterator[list[Answer]]:
    """Clients that ask without a pause; afterwards the list has all answers."""
    found: list[Answer] = []
    enough = threading.Event()

    def keep_asking() -> None:
        while not enough.is_set():
            found.append(ask())

    asking = [threading.Thread(target=keep_asking) for _ in range(clients)]
    for each in asking:
        each.start()
    try:
        yield found
    finally:
        enough.set()
        for each in asking:
            each.join()
