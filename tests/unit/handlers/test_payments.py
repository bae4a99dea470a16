"""Paying on the fake provider's page, and what its webhooks bring about."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.adapters.fake.cards import CARDS
from app.bootstrap import Services
from app.domain.errors import InvalidError, NotFoundError
from app.handlers import payhooks, paypage
from app.handlers.sagas import saga
from app.messages import BodyError, Message, Request, Response
from app.ports.errors import SignatureError, UnavailableError
from app.ports.payments import Wanted
from app.services.advance import advance
from app.services.order_rows import key_of, read_order
from infra import shop
from infra.granted import keys
from infra.shop_payments import PARTS, granted
from tests.support.memory_shop import Answer, MemoryShop
from tests.support.refunding import ORDER, PAID, Refunding

SECRET = "a secret of these tests"
PAGE = f"fake-{ORDER}"


class Paying(Refunding):
    """The shop with an order that waits to be paid by the fake provider."""

    def __init__(self) -> None:
        super().__init__()
        texts: Any = self.cloud._secrets._texts
        texts["payments-webhook"] = SECRET
        self.table("orders").update(
            key_of(ORDER),
            set={"state": "paying", "captured": 0, "refundable": 0, "payment": "",
                 "expires_at": self.clock.now_ms() + 3_600_000},
        )  # fmt: skip
        advance(ORDER, saga(self.granted("orders")))

    def granted(self, function: str) -> Services:
        """The function's services with the fake provider, by its own grants."""
        stated: dict[str, dict[str, Any]] = {}
        for kind, name, may in granted(shop.GRANTS, "fake")[function]:
            of_kind = stated.setdefault(f"SHOP_{kind.upper()}S", {})
            of_kind[name] = {"may": list(may), **_keys(name if kind == "table" else "")}
        texts = {name: json.dumps(each) for name, each in stated.items()}
        more = {"SHOP_STACK": "local", "SHOP_HANDLER": function, "SHOP_PAYMENTS": "fake"}
        return Services({**texts, **more}, self.cloud)

    def page(self, name: str = PAGE) -> Response:
        return paypage.show(_request("GET", name), self.granted("paypage"))

    def pay(
        self, card: str, name: str = PAGE, kind: str = "application/json", body: bytes | None = None
    ) -> Response:
        sent = json.dumps({"card": card}).encode() if body is None else body
        return paypage.pay(_request("POST", name, kind, sent), self.granted("paypage"))

    def deliver(self) -> None:
        """Have the webhooks that were sent arrive, in their order."""
        for message in self.sent:
            payhooks.consume(message, self.granted("payhooks"))

    @property
    def sent(self) -> list[Message]:
        found = self.cloud.queues.get("fake-webhooks")
        return [] if found is None else list(found.messages)

    @property
    def state(self) -> str:
        row = self.table("orders").get(key_of(ORDER))
        assert row is not None
        return read_order(row).state


def _keys(table: str) -> dict[str, Any]:
    if not table:
        return {}
    known = {each.name: each for each in (*shop.TABLES, *PARTS["fake"].tables)}[table]
    return keys(known)


def _request(method: str, name: str, kind: str = "", body: bytes = b"") -> Request:
    return Request(
        request_id="request-1",
        method=method,
        path=f"/payments/fake/{name}",
        route=f"{method} /payments/fake/{{payment}}",
        path_parameters={"payment": name},
        query={},
        headers={"content-type": kind} if kind else {},
        body=body,
        source_ip="192.0.2.1",
        remaining_ms=lambda: 3000,
    )


def test_the_page_shows_what_is_to_be_paid_and_a_button_for_each_card() -> None:
    shop_ = Paying()

    answer = shop_.page()
    text = str(answer.body)

    assert ORDER in text
    assert "20.00 EUR" in text
    assert all(f'value="{card}"' in text for card in CARDS)
    assert "<script" not in text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy


def test_a_page_shows_what_it_was_given_as_text() -> None:
    """An order's name is the shop's own; the page does not rely on that."""
    shop_ = Paying()
    fake = shop_.granted("orders").payments
    fake.start(Wanted("b" * 26, 1, "EUR"))
    row = {"payment": f"fake-{'b' * 26}"}
    shop_.table("fake_payments").update(row, set={"order": "<script>alert(1)</script>"})

    text = str(shop_.page(f"fake-{'b' * 26}").body)

    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("name", ["fake-unknown", "other", "", "fake-", "fake-" + "x" * 65, "a<b"])
def test_a_payment_that_there_is_not_is_not_found(name: str) -> None:
    shop_ = Paying()
    asks: tuple[Callable[[], Response], ...] = (
        lambda: shop_.page(name),
        lambda: shop_.pay("good", name),
    )
    for ask in asks:
        with pytest.raises(NotFoundError):
            ask()


def test_paying_by_a_good_card_brings_a_webhook_and_the_webhook_the_order() -> None:
    shop_ = Paying()
    form = "application/x-www-form-urlencoded; charset=utf-8"

    answer = shop_.pay("", kind=form, body=b"card=good")

    assert "the money is held" in str(answer.body)
    assert "<form" not in str(answer.body)
    assert shop_.state == "paying"
    assert SECRET not in shop_.sent[0].body
    shop_.deliver()
    assert shop_.state == "paid"
    assert "this is paid" in str(shop_.page().body)


@pytest.mark.parametrize(
    ("card", "webhooks", "after", "because"),
    [
        ("good", 1, "paid", ""),
        ("declined", 1, "cancelled", "declined"),
        ("capture-declined", 1, "cancelled", "declined"),
        ("twice", 2, "paid", ""),
        ("reordered", 2, "paid", ""),
        ("silent", 0, "paying", ""),
        ("late", 0, "paying", ""),
        ("refund-late", 1, "paid", ""),
    ],
)
def test_each_card_brings_what_it_says(card: str, webhooks: int, after: str, because: str) -> None:
    shop_ = Paying()

    answer = shop_.pay(card)
    shop_.deliver()

    assert json.loads(answer.body)["order"] == ORDER
    assert len(shop_.sent) == webhooks
    assert (shop_.state, shop_.order.cancelled_because) == (after, because)


@pytest.mark.parametrize("card", ["late", "silent", "timeout-before", "timeout-after"])
def test_what_no_webhook_brings_about_the_next_look_does(card: str) -> None:
    shop_ = Paying()
    shop_.pay(card)
    try:
        shop_.deliver()
    except UnavailableError:
        assert card.startswith("timeout-")
    shop_.clock.advance(10_000)

    advance(ORDER, saga(shop_.granted("settle")))

    assert shop_.state == "paid"
    assert shop_.order.captured == PAID


def test_a_webhook_of_old_news_changes_nothing() -> None:
    shop_ = Paying()
    shop_.pay("reordered")
    newest, old = shop_.sent
    assert '\\"state\\": \\"pending\\"' in old.body

    for message in (newest, old, newest, old):
        payhooks.consume(message, shop_.granted("payhooks"))

    assert shop_.state == "paid"
    assert shop_.order.captured == PAID


def test_who_pays_again_pays_nothing_more_and_is_told_of_again() -> None:
    shop_ = Paying()
    shop_.pay("good")
    shop_.pay("declined")

    assert len(shop_.sent) == 2
    shop_.deliver()
    assert shop_.state == "paid"


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("application/json", b'{"card": "gold"}', InvalidError),
        ("application/json", b'{"card": 1}', BodyError),
        ("application/json", b"\xff", BodyError),
        ("application/json", b'{"card": "' + b"x" * 2000 + b'"}', BodyError),
        ("text/plain", b"good", BodyError),
        ("application/x-www-form-urlencoded", b"", InvalidError),
        ("application/x-www-form-urlencoded", b"\xff", BodyError),
        ("application/x-www-form-urlencoded", b"a=1&b=1&c=1&d=1&e=1", BodyError),
    ],
)
def test_what_is_no_card_is_refused(kind: str, body: bytes, error: type[Exception]) -> None:
    shop_ = Paying()

    with pytest.raises(error):
        shop_.pay("", kind=kind, body=body)
    assert shop_.sent == []


def _resigned(told: dict[str, Any]) -> None:
    told["headers"]["fake-signature"] = told["headers"]["fake-signature"].replace("v1=", "v1=0")[
        :-1
    ]


def _changed(told: dict[str, Any]) -> None:
    told["body"] = told["body"].replace(ORDER, "b" * 26)


def _unsigned(told: dict[str, Any]) -> None:
    told["headers"] = {}


@pytest.mark.parametrize("spoil", [_resigned, _changed, _unsigned])
def test_a_webhook_from_the_queue_is_verified_as_any_other(
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    shop_ = Paying()
    shop_.pay("good")
    told = json.loads(shop_.sent[0].body)
    spoil(told)

    with pytest.raises(SignatureError):
        payhooks.consume(
            Message(id="1", body=json.dumps(told), attempt=1), shop_.granted("payhooks")
        )
    assert shop_.state == "paying"


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"headers": {}, "body": 1}', "\ud800"])
def test_a_message_that_is_no_webhook_becomes_a_dead_letter(body: str) -> None:
    with pytest.raises(payhooks.NoWebhookError):
        payhooks.consume(Message(id="1", body=body, attempt=1), Paying().granted("payhooks"))


# over HTTP


def _webhook(shop_: MemoryShop, body: bytes, headers: dict[str, str], cloud: str) -> Answer:
    return shop_.call("POST /payments/webhooks", body, headers=headers, cloud=cloud)


@pytest.fixture(params=["aws", "alicloud"])
def cloud(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _to_be_paid() -> Refunding:
    """An order whose customer has just confirmed that he pays."""
    shop_ = Refunding()
    shop_.cloud.pay._held.clear()
    reference = shop_.cloud.pay.start(Wanted(ORDER, PAID, "EUR")).reference
    shop_.cloud.pay.confirm(ORDER)
    shop_.table("orders").update(
        key_of(ORDER),
        set={"state": "paying", "captured": 0, "refundable": 0, "payment": reference,
             "expires_at": shop_.clock.now_ms() + 3_600_000},
    )  # fmt: skip
    return shop_


def test_a_webhook_over_http_takes_its_order_on_however_often_it_comes(cloud: str) -> None:
    shop_ = _to_be_paid()
    headers, body = shop_.cloud.pay.webhook(ORDER)

    assert [_webhook(shop_, body, headers, cloud).status for _ in range(3)] == [204] * 3

    assert shop_.order.state == "paid"
    assert shop_.cloud.pay.calls["capture"] == 2  # the one of this webhook, one of the set-up


def test_a_forged_or_old_webhook_over_http_is_refused_and_does_nothing(cloud: str) -> None:
    shop_ = _to_be_paid()
    headers, body = shop_.cloud.pay.webhook(ORDER)
    old_headers, old = shop_.cloud.pay.webhook(ORDER, at_ms=shop_.clock.now_ms() - 301_000)

    answers = [
        _webhook(shop_, body + b" ", headers, cloud),
        _webhook(shop_, body, {}, cloud),
        _webhook(shop_, old, old_headers, cloud),
        _webhook(shop_, b"", headers, cloud),
    ]

    assert {each.status for each in answers} == {400}
    assert all(each.json["title"] == "Bad Request" for each in answers)
    assert len({each.json["detail"] for each in answers}) == 1
    assert shop_.order.state == "paying"


def test_a_webhook_of_an_order_that_is_not_ours_is_taken_and_forgotten(cloud: str) -> None:
    shop_ = _to_be_paid()
    for order in ("b" * 26, "no order of ours", ""):
        headers, body = shop_.cloud.pay.webhook(order)
        assert _webhook(shop_, body, headers, cloud).status == 204


def test_a_webhook_that_finds_the_provider_away_is_to_be_sent_again(cloud: str) -> None:
    shop_ = _to_be_paid()
    headers, body = shop_.cloud.pay.webhook(ORDER)
    shop_.cloud.pay.breaks("capture", after=True)

    assert _webhook(shop_, body, headers, cloud).status == 503
    assert _webhook(shop_, body, headers, cloud).status == 204
    assert shop_.order.state == "paid"
