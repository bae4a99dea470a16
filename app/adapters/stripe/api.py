"""Requests to Stripe's API: signed in by the secret key, in one pinned version, repeatable.

A POST carries an idempotency key, by which Stripe does a thing once and answers the same again for
a day or more. It is repeated once, where that may help and there is time: the functions that pay
have 20 seconds, and one step of theirs may ask Stripe twice.
https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/error-low-level
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from app.adapters.common.calls import Answer, Endpoint, SilentError
from app.ports.errors import UnavailableError

URL = "https://api.stripe.com"
VERSION = "2024-06-20"
"""What the answers' form is: a later one is taken on purpose, with its changes looked at."""

CONNECT_S = 2.0
READ_S = 6.0
_AGAIN_WITHIN_S = 1.5
_PAUSE_S = 0.2
_GOOD = 200
_CONFLICT = 409
_BROKEN = 500
_NO_ENTRY = frozenset({401, 403})


class RefusedError(Exception):
    """Stripe refused for good; nothing of what was sent stands in its words.

    `kind` and `code` are Stripe's (`card_error`, `payment_intent_unexpected_state`).
    """

    def __init__(self, status: int, kind: str, code: str) -> None:
        super().__init__(f"Stripe: {kind} {code} ({status})")
        self.status, self.kind, self.code = status, kind, code


class KeptError(UnavailableError):
    """Stripe broke on a request once, and says so again to every one with that idempotency key."""


class Api:
    """Stripe at its endpoint; `key` gives the secret key, at each request."""

    def __init__(self, endpoint: Endpoint, key: Callable[[], str]) -> None:
        self._endpoint = endpoint
        self._key = key

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What stands at a path like `/v1/refunds`. Raises RefusedError and UnavailableError."""
        target = f"{path}?{urlencode(query)}" if query else path
        return _read(self._asked("GET", target, {}, b""))

    def post(self, path: str, form: Mapping[str, str], idempotency_key: str) -> tuple[Any, bool]:
        """What a POST answers, and whether it is the answer to an earlier one.

        Raises RefusedError and UnavailableError; after the latter it may have been done. KeptError
        is one of those that asking again by the same key does not help.
        """
        more = {
            "content-type": "application/x-www-form-urlencoded",
            "idempotency-key": idempotency_key,
        }
        answer = self._asked("POST", path, more, urlencode(form).encode())
        if _kept(answer):
            raise KeptError(f"Stripe broke on this before, and keeps that answer ({answer.status})")
        return _read(answer), _replayed(answer)

    def _asked(self, method: str, target: str, more: Mapping[str, str], body: bytes) -> Answer:
        headers = {
            "host": self._endpoint.host,
            "authorization": f"Bearer {self._key()}",
            "stripe-version": VERSION,
            **more,
        }
        begun = time.monotonic()
        try:
            answer = self._endpoint.ask(method, target, headers, body)
        except SilentError as error:
            # one that broke at once was most likely cut while the function stood still
            if time.monotonic() - begun > _AGAIN_WITHIN_S:
                raise _silent(error) from error
        else:
            if _kept(answer) or not (answer.busy or answer.status == _CONFLICT):
                return answer
        time.sleep(_PAUSE_S)
        try:
            return self._endpoint.ask(method, target, headers, body)
        except SilentError as error:
            raise _silent(error) from error


def _replayed(answer: Answer) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


def _kept(answer: Answer) -> bool:
    return answer.status >= _BROKEN and _replayed(answer)


def _silent(error: SilentError) -> UnavailableError:
    return UnavailableError(f"Stripe did not answer: {error}")


def _read(answer: Answer) -> Any:
    """The answer's JSON. Raises RefusedError and UnavailableError."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    told = found if isinstance(found, dict) else {}
    if answer.status == _GOOD and told:
        return told
    error = told.get("error")
    about = error if isinstance(error, dict) else {}
    kind, code = str(about.get("type", "")), str(about.get("code", ""))
    if answer.status in _NO_ENTRY:
        raise UnavailableError(
            f"Stripe refuses the secret stripe-key ({answer.status}): "
            "make secret NAME=stripe-key < file writes the right one"
        )
    if answer.busy or answer.status in (_GOOD, _CONFLICT) or not about:
        raise UnavailableError(f"Stripe is busy or broken ({answer.status} {code})")
    raise RefusedError(answer.status, kind, code)
