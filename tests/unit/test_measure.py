"""`make measure` cleans up whoever ends it, and however often."""

import os
import signal
from collections.abc import Callable

import pytest

from infra.cli.measure import terminable

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def _ended_by(number: int, cleaned: Callable[[], None]) -> None:
    """Ended at work, and again by each of them as it cleans up."""
    with terminable():
        try:
            os.kill(os.getpid(), number)
        finally:
            for each in SIGNALS:
                os.kill(os.getpid(), each)
            cleaned()


@pytest.mark.parametrize("number", SIGNALS)
def test_who_ends_it_once_more_while_it_cleans_up_does_not_keep_it_from_that(number: int) -> None:
    """A terminal that is closed sends two, and so do people."""
    before = [signal.getsignal(each) for each in SIGNALS]
    cleaned: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        _ended_by(number, lambda: cleaned.append(True))
    assert cleaned == [True]
    assert [signal.getsignal(each) for each in SIGNALS] == before
