"""Failed logins are counted, by account and by address, in a window that slides.

An attempt is written before the password is looked at and removed when it was right; then it is
counted, its own row included. So however many guess at once, no more than the limit get an answer
to their guess; a few less may, when they come together. Who is over it already writes nothing.

Rows of the table `attempts`: scope and attempt (a ULID), the key; expires_at in epoch seconds.
"""

from app.domain.errors import TooManyError
from app.domain.ids import first_id, made_ms, new_id
from app.domain.throttling import WINDOW_MS, Limits, account_scope, address_scope
from app.ports.clock import Clock
from app.ports.errors import PortError
from app.ports.tables import Between, Table
from app.services import log


class Throttle:
    """Lets logins through, or not."""

    def __init__(self, attempts: Table, clock: Clock, limits: Limits) -> None:
        self._attempts = attempts
        self._clock = clock
        self._limits = limits

    def begin(self, username_key: str, address: str) -> "Attempt":
        """Count one attempt on this account from this address. Raises TooManyError, PortError."""
        scopes = {
            account_scope(username_key): self._limits.per_account,
            address_scope(address): self._limits.per_address,
        }
        now_ms = self._clock.now_ms()
        for scope, limit in scopes.items():
            self._check(scope, limit - 1, now_ms)
        attempt = Attempt(self._attempts, tuple(scopes), new_id(now_ms))
        attempt.write(now_ms)
        try:
            for scope, limit in scopes.items():
                self._check(scope, limit, now_ms)
        except TooManyError:
            attempt.forgive()
            raise
        return attempt

    def _check(self, scope: str, most: int, now_ms: int) -> None:
        """Raises TooManyError when there are more than `most` attempts within the window."""
        window = Between(low=first_id(now_ms - WINDOW_MS + 1))
        page = self._attempts.query(scope, sort=window, limit=most + 1, descending=True)
        if len(page.rows) > most:
            # when the oldest of the newest has left the window, there is room for one
            room_ms = made_ms(str(page.rows[-1]["attempt"])) + WINDOW_MS - now_ms
            retry_after_s = max(1, -(-room_ms // 1000))
            raise TooManyError("too many failed logins: try again later", retry_after_s)


class Attempt:
    """One attempt: a failed one until it is forgiven."""

    def __init__(self, attempts: Table, scopes: tuple[str, ...], attempt: str) -> None:
        self._attempts = attempts
        self._keys = [{"scope": scope, "attempt": attempt} for scope in scopes]

    def write(self, now_ms: int) -> None:
        """Note it. Raises PortError."""
        expires_at = (now_ms + WINDOW_MS) // 1000 + 1
        for key in self._keys:
            self._attempts.put({**key, "expires_at": expires_at})

    def forgive(self) -> None:
        """Take it back, as far as the store does: what stays counts as one that failed."""
        for key in self._keys:
            try:
                self._attempts.delete(key)
            except PortError as error:
                log.failed("attempts", error)
