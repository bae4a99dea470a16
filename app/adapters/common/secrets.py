"""What every secret store gets in front of it: the function's grants, and a short memory."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.adapters.common.grants import need
from app.ports.adapters import Stated
from app.ports.errors import PortError, UnavailableError
from app.ports.secrets import Secrets

KEPT_S = 300
FRESH_EACH_S = 5
AGAIN_S = 1  # after the store has failed


def granted(
    secrets: Secrets,
    stated: Mapping[str, Stated],
    function: str,
    now: Callable[[], float] = time.time,
) -> Secrets:
    """The secrets that `function` may read, each kept for at most five minutes.

    `now` is in seconds. It is the wall's clock, since others stand still while a cloud keeps a
    function frozen; when it was set back, nothing that is kept counts.
    """
    return _Granted(secrets, stated, function, now)


def usable(text: object, what: str, remedy: str) -> str:
    """A secret as a store gave it, without newlines at its end.

    Raises UnavailableError, which names `what` and tells nothing of the text, when it is none.
    """
    found = text.rstrip("\r\n") if isinstance(text, str) else ""
    if not found.strip():
        raise UnavailableError(f"{what} is empty, or no text: {remedy}")
    return found


@dataclass(slots=True)
class _Kept:
    """One secret as it was read, when `fresh` last asked the store, and how that last failed."""

    text: str = field(default="", repr=False)
    read: float = float("-inf")
    asked: float = float("-inf")
    failure: tuple[type[PortError], str] | None = None
    failed: float = float("-inf")


class _Granted:
    """A store's secrets as one function may read them."""

    def __init__(
        self,
        secrets: Secrets,
        stated: Mapping[str, Stated],
        function: str,
        now: Callable[[], float],
    ) -> None:
        self._secrets = secrets
        self._stated = stated
        self._function = function
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()  # of many who miss it at once, one asks

    def get(self, name: str) -> str:
        """The secret as it was within the last five minutes.

        When the store failed less than a second ago, it is not asked again: that failure is raised.
        """
        self._check(name)
        with self._lock:
            kept = self._kept.setdefault(name, _Kept())
            if not 0 <= self._now() - kept.read < KEPT_S:
                self._ask(name, kept)
            return kept.text

    def fresh(self, name: str) -> str:
        """The secret as the store has it; within five seconds of the last time, as it was then.

        Whoever sends forged tokens makes this ask: the store must not be flooded with them.
        """
        self._check(name)
        with self._lock:
            kept = self._kept.setdefault(name, _Kept())
            now = self._now()
            known = 0 <= now - kept.read < KEPT_S
            if not (known and 0 <= now - kept.asked < FRESH_EACH_S):
                kept.asked = now  # before it fails: a store in trouble is not to be flooded either
                self._ask(name, kept)
            return kept.text

    def _ask(self, name: str, kept: _Kept) -> None:
        if kept.failure is not None and 0 <= self._now() - kept.failed < AGAIN_S:
            kind, text = kept.failure
            raise kind(text)
        try:
            text = self._secrets.fresh(name)
        except PortError as error:
            # not the error itself, whose trace would keep all that it came through; and timed from
            # its end, so that of many who wait for a store that hangs one alone has waited in vain
            kept.failure, kept.failed = (type(error), str(error)), self._now()
            raise
        kept.text, kept.read, kept.failure = text, self._now(), None

    def _check(self, name: str) -> None:
        may = self._stated.get(name, {}).get("may", ())
        need("read", may, f"the secret {name}", self._function)
