"""The page of the fake provider of payments, where a made-up card pays an order.

It is no part of the shop: it stands in for a provider's own page, and so for its customer's bank.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs

import msgspec

from app.adapters.fake.cards import CARDS
from app.adapters.fake.desk import Desk
from app.bootstrap import Services
from app.domain.errors import InvalidError, NotFoundError
from app.domain.money import written
from app.messages import JSON, BodyError, Request, Response, json_response
from app.ports.payments import Payment

_HTML = "text/html; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"
_NAME = re.compile(r"fake-[A-Za-z0-9_-]{1,64}", re.ASCII)
_LONGEST = 1024
_SAYS = {
    "pending": "This payment waits for a card.",
    "authorised": "Thank you: the money is held. The shop takes it when the order is sure.",
    "captured": "Thank you: this is paid.",
    "voided": "This payment was let go of; nothing was taken.",
    "declined": "The card was declined; nothing was taken.",
}
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em;color:#222}"
    "button{font:inherit;min-width:11em;margin:.2em .6em .2em 0;padding:.3em}"
    "dt{font-weight:bold}p.note{color:#666}"
)


def show(request: Request, services: Services) -> Response:
    """The page of one payment. Raises NotFoundError and PortError."""
    return _page(_found(_desk(services).see(_name(request))))


def pay(request: Request, services: Services) -> Response:
    """Pay by a card, as a form or as JSON `{"card": …}`, and show what became of it.

    Raises NotFoundError, BodyError, InvalidError and PortError.
    """
    name = _name(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    card = _card(kind, request.body)
    if card not in CARDS:
        raise InvalidError(f"a card is one of {', '.join(CARDS)}", "$.card")
    payment = _found(_desk(services).pay(name, card))
    if kind == JSON:
        return json_response(200, {"order": payment.order, "state": payment.state}, _headers())
    return _page(payment)


ROUTES = {
    "GET /payments/fake/{payment}": show,
    "POST /payments/fake/{payment}": pay,
}


def _desk(services: Services) -> Desk:
    return Desk(
        services.table("fake_payments"),
        services.queue("fake-webhooks"),
        services.secrets,
        services.clock,
    )


def _name(request: Request) -> str:
    name = request.path_parameters["payment"]
    if _NAME.fullmatch(name) is None:
        raise NotFoundError("there is no such payment")
    return name


def _found(payment: Payment | None) -> Payment:
    if payment is None:
        raise NotFoundError("there is no such payment")
    return payment


def _card(kind: str, body: bytes) -> str:
    """The card that was picked. Raises BodyError."""
    if len(body) > _LONGEST or kind not in (JSON, _FORM):
        raise BodyError(f"the body is a short one, {_FORM} or {JSON}")
    try:
        if kind == _FORM:
            given = parse_qs(body.decode("ascii"), max_num_fields=4).get("card", [""])
            return given[0]
        found = msgspec.json.decode(body, type=dict[str, str])
        return found.get("card", "")
    except (ValueError, msgspec.DecodeError):
        raise BodyError("the body cannot be read: it is to name a card") from None


def _page(payment: Payment) -> Response:
    amount = written(payment.amount, payment.currency)
    buttons = "".join(
        f'<p><button name="card" value="{escape(name)}">{escape(name)}</button>'
        f"{escape(card.says)}</p>"
        for name, card in CARDS.items()
    )
    form = f'<form method="post">{buttons}</form>' if payment.state == "pending" else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Pay</title>'
        f"<style>{_STYLE}</style></head><body><h1>Pay</h1><dl>"
        f"<dt>Order</dt><dd>{escape(payment.order)}</dd>"
        f"<dt>Amount</dt><dd>{escape(amount)}</dd></dl>"
        f'<p role="status">{escape(_SAYS[payment.state])}</p>{form}'
        '<p class="note">No money moves here: these cards are made up.</p></body></html>'
    )
    more = {"content-security-policy": _policy(), "referrer-policy": "no-referrer"}
    return Response(headers={**_headers(), **more}, body=text, media_type=_HTML)


def _headers() -> dict[str, str]:
    return {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@cache
def _policy() -> str:
    """Nothing is loaded, nothing runs; the form goes to where it came from."""
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
