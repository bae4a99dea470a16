"""Stripe as far as it is used: intents and refunds in memory, on 127.0.0.1.

Its answers have the shapes of tests/events/stripe_*.json, written after the API's public reference
(https://docs.stripe.com/api). What customers and banks do is done by a test: `confirm`, `declines`.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from app.adapters.common import webhook_signing
from app.adapters.common.calls import Endpoint
from app.adapters.stripe.api import Api
from tests.support.loopback import Answered, Asked, serving

KEY = "sk_test_of_tests"
SIGNING = "whsec_of_tests"
_EVENTS = Path(__file__).parents[1] / "events"
_TYPE = {"content-type": "application/json"}


def recorded(name: str) -> Any:
    """One recorded shape, by the rest of its file's name."""
    return json.loads((_EVENTS / f"stripe_{name}.json").read_text())


class DeniedError(Exception):
    """An error as Stripe tells it; `kept` under its idempotency key, as those of a run are."""

    def __init__(self, status: int, code: str, kind: str, *, kept: bool = True) -> None:
        super().__init__(code)
        self.status, self.code, self.kind, self.kept = status, code, kind, kept

    @property
    def body(self) -> bytes:
        return json.dumps({"error": {"type": self.kind, "code": self.code}}).encode()


@dataclass
class Stripe:
    """What the server has. `asked` are method and path of what it took, in order."""

    url: str = ""
    key: str = KEY
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    refunds_are: str = "succeeded"
    declining: set[str] = field(default_factory=set)
    found_by_search: bool = True
    _failing: list[tuple[str, int, bool]] = field(default_factory=list)
    _breaking: int = 0
    _done: dict[str, tuple[str, bytes, Answered]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # what a test does

    def fails(self, ending: str, *, status: int = 0, after: bool = False, times: int = 1) -> None:
        """Have the next request with this ending ("POST /v1/refunds") fail: 0 hangs up."""
        self._failing += [(ending, status, after)] * times

    def breaks(self, times: int) -> None:
        """Have the next POSTs under new keys end in a 500, which Stripe keeps under the key."""
        self._breaking = times

    def confirm(self, order: str) -> None:
        """The customer's card is good."""
        found = self.of(order)
        if found["status"] == "requires_payment_method":
            found.update(status="requires_capture", amount_capturable=found["amount"])

    def declined(self, order: str) -> None:
        """The customer's card is not."""
        self.of(order)["last_payment_error"] = recorded("error_declined")["error"]

    def of(self, order: str) -> dict[str, Any]:
        """The one intent of this order."""
        [found] = [each for each in self.intents.values() if each["metadata"]["order"] == order]
        return found

    def given_back(self, order: str) -> int:
        return sum(
            each["amount"]
            for each in self.refunds.values()
            if each["metadata"]["order"] == order and each["status"] != "failed"
        )

    def forget_keys(self) -> None:
        """A day has passed."""
        self._done.clear()

    # what it answers

    def answer(self, asked: Asked) -> Answered | None:
        with self._lock:
            self.asked.append(f"{asked.method} {asked.path}")
            about = self.asked[-1]
            broken = next((each for each in self._failing if about.endswith(each[0])), None)
            if broken is not None:
                self._failing.remove(broken)
                if broken[2]:
                    self._once(asked)
                if broken[1] == 0:
                    return None
                return _denied(DeniedError(broken[1], "lock_timeout", "api_error"))
            return self._once(asked)

    def _once(self, asked: Asked) -> Answered:
        """The answer; to a POST with a key that is known, the one that was given."""
        if asked.headers.get("authorization") != f"Bearer {self.key}":
            return _denied(DeniedError(401, "", "invalid_request_error"))
        if not asked.headers.get("stripe-version"):
            return _denied(DeniedError(400, "", "invalid_request_error"))
        key = asked.headers.get("idempotency-key", "")
        if asked.method != "POST":
            return self._answered(asked)[0]
        assert key, "every POST of ours can be repeated"
        assert len(key) <= 255
        self.keys.append(key)
        if key in self._done:
            path, body, answer = self._done[key]
            if (path, body) != (asked.path, asked.body):
                return _denied(DeniedError(400, "", "idempotency_error"))
            return Answered(
                answer.status, answer.body, {**answer.headers, "idempotent-replayed": "true"}
            )
        answer, kept = self._answered(asked)
        if self._breaking:  # it broke after it was done, for all that is known
            self._breaking -= 1
            answer, kept = _denied(DeniedError(500, "", "api_error")), True
        if kept:
            self._done[key] = (asked.path, asked.body, answer)
        return answer

    def _answered(self, asked: Asked) -> tuple[Answered, bool]:
        try:
            found = self._found(asked)
        except DeniedError as denied:
            return _denied(denied), denied.kept
        return Answered(200, json.dumps(found).encode(), _TYPE), True

    def _found(self, asked: Asked) -> Any:
        form = dict(parse_qsl(asked.body.decode(), strict_parsing=True)) if asked.body else {}
        found: Any
        match asked.method, asked.path.split("/")[2:]:
            case "POST", ["payment_intents"]:
                found = self._create(form)
            case "GET", ["payment_intents", "search"]:
                found = {"object": "search_result", "data": self._search(asked.query["query"])}
            case "GET", ["payment_intents", name]:
                found = self._intent(name)
            case "POST", ["payment_intents", name, "capture"]:
                found = self._capture(self._intent(name))
            case "POST", ["payment_intents", name, "cancel"]:
                found = self._cancel(self._intent(name), form)
            case "GET", ["refunds"]:
                mine = self._refunds_of(asked.query["payment_intent"])
                found = {"object": "list", "data": mine, "has_more": False}
            case "POST", ["refunds"]:
                found = self._refund(form)
            case "GET", ["refunds", name]:
                found = self.refunds[name]
            case _:
                raise DeniedError(404, "", "invalid_request_error", kept=False)
        return found

    def _create(self, form: Mapping[str, str]) -> Any:
        if int(form["amount"]) < 50:
            raise DeniedError(400, "amount_too_small", "invalid_request_error", kept=False)
        assert form["capture_method"] == "manual"
        assert form["currency"].islower()
        name = f"pi_{len(self.intents) + 1:024}"
        self.intents[name] = recorded("payment_intent") | {
            "id": name,
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "client_secret": f"{name}_secret_of_tests",
            "metadata": {"order": form["metadata[order]"]},
        }
        return self.intents[name]

    def _intent(self, name: str) -> dict[str, Any]:
        if name not in self.intents:
            raise DeniedError(404, "resource_missing", "invalid_request_error", kept=False)
        return self.intents[name]

    def _search(self, query: str) -> list[Any]:
        order = query.removeprefix("metadata['order']:'").removesuffix("'")
        found = [each for each in self.intents.values() if each["metadata"]["order"] == order]
        return found if self.found_by_search else []

    def _capture(self, found: dict[str, Any]) -> Any:
        if found["status"] != "requires_capture":
            raise _unexpected()
        if found["metadata"]["order"] in self.declining:
            found.update(status="requires_payment_method", amount_capturable=0)
            raise DeniedError(402, "card_declined", "card_error")
        found.update(status="succeeded", amount_received=found["amount"], amount_capturable=0)
        return found

    def _cancel(self, found: dict[str, Any], form: Mapping[str, str]) -> Any:
        if found["status"] in ("succeeded", "canceled", "processing"):
            raise _unexpected()
        reason = form["cancellation_reason"]
        found.update(status="canceled", amount_capturable=0, cancellation_reason=reason)
        return found

    def _refunds_of(self, intent: str) -> list[Any]:
        return [each for each in self.refunds.values() if each["payment_intent"] == intent]

    def _refund(self, form: Mapping[str, str]) -> Any:
        found = self._intent(form["payment_intent"])
        order = found["metadata"]["order"]
        if int(form["amount"]) > found["amount_received"] - self.given_back(order):
            raise DeniedError(400, "charge_already_refunded", "invalid_request_error")
        name = f"re_{len(self.refunds) + 1:024}"
        self.refunds[name] = recorded("refund") | {
            "id": name,
            "amount": int(form["amount"]),
            "payment_intent": found["id"],
            "metadata": {"order": order, "key": form["metadata[key]"]},
            "status": self.refunds_are,
        }
        return self.refunds[name]


def signed(body: bytes, at_s: int, *secrets: str) -> dict[str, str]:
    """The headers of a webhook, signed with each of the secrets, and by a scheme of old."""
    made = [f"v1={webhook_signing.signature(each, body, at_s)}" for each in secrets or (SIGNING,)]
    return {"stripe-signature": ",".join([f"t={at_s}", *made, f"v0={'0' * 64}"])}


def event(order: str) -> bytes:
    """A webhook's body about this order's intent, written as Stripe writes it, over many lines."""
    told = recorded("event")
    told["data"]["object"]["metadata"] = {"order": order}
    return json.dumps(told, indent=2).encode()


@contextmanager
def stripe_server() -> Iterator[Stripe]:
    """A server without intents."""
    made = Stripe()
    with serving(made.answer) as made.url:
        yield made


@contextmanager
def asked_at(url: str, key: str = KEY, read_s: float = 5.0) -> Iterator[Api]:
    """What asks the server; its connections are closed afterwards."""
    endpoint = Endpoint(url, read_s=read_s)
    try:
        yield Api(endpoint, lambda: key)
    finally:
        endpoint.close()


def _unexpected() -> DeniedError:
    error = recorded("error_unexpected_state")["error"]
    return DeniedError(400, error["code"], error["type"])


def _denied(denied: DeniedError) -> Answered:
    return Answered(denied.status, denied.body, _TYPE)
