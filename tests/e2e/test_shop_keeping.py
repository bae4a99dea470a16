"""What the keeper of a running shop relies on: events, stock, audit, an API that is kept clean."""

import json
import re
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from app.adapters.local.queue import LocalQueue
from infra import shop as declared
from tests.support.contract import DOCUMENT, PASSWORD
from tests.support.project import CLIENT, Project, opened
from tests.support.project_processes import wait_for
from tests.support.shop_client import ADDRESS, Client, admin, customer, guest, with_cart
from tests.support.shop_operator import letters, run, table

# a message that fails is set aside after twelve seconds, and not after five minutes
SETTINGS = """\
target: local
local:
  emulate: {cloud}
functions:
  events:
    timeout_s: 2
queues:
  events:
    visibility_s: 12
    max_attempts: 1
"""


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """The whole shop, where what is dead is seen soon."""
    with opened(tmp_path_factory.mktemp("keeping") / "shop", whole=True) as made:
        cloud = pytestconfig.getoption("--emulate")
        made.settings(SETTINGS.format(cloud=cloud))
        made.up().ok()
        yield made


@pytest.fixture(scope="module")
def keeper(shop: Project) -> Client:
    return admin(shop)


def test_customers_are_told_of_each_event_once_whatever_comes_twice(
    shop: Project, keeper: Client
) -> None:
    """13: paid, refunded: at least once over a queue, and no noisy duplicates; none when placed."""
    known = customer(shop)
    placed = known.paid(keeper.sold(3))
    assert keeper.refund(placed).status_code == 201
    order, to = placed["order"], f"{known.name}@letters.example"
    wanted = {f"{order}.paid", f"{order}.refunded.0"}
    wait_for(lambda: {each["letter"] for each in letters(shop, to)} == wanted, 20, "the letters")
    before = letters(shop, to)

    events = LocalQueue(shop.places.data / "queues" / "events.db", "normal")
    for each in sorted({f"{order}.placed", *wanted}):
        what = each.partition(".")[2]
        events.send(json.dumps({"id": each, "kind": "order", "what": what, "order": order}))
    events.close()

    wait_for(lambda: _queue(shop, "events")["waiting"] == 0, 20, "an empty queue")
    wait_for(lambda: _queue(shop, "events")["in_flight"] == 0, 20, "an empty queue")
    assert letters(shop, to) == before, "not even sent at another time"


def test_an_event_that_nobody_can_use_is_seen_among_the_dead(shop: Project) -> None:
    """13: retried, then a dead letter that `make queue` shows, and delivers anew."""
    dead = _queue(shop, "events")["dead"]
    events = LocalQueue(shop.places.data / "queues" / "events.db", "normal")
    mark = f"no-event-{token_hex(4)}"
    events.send(json.dumps({"kind": mark}))
    events.close()
    wait_for(lambda: _queue(shop, "events")["dead"] == dead + 1, 40, "a dead letter")
    shown = shop.run("queue_look", "events").ok().output
    assert mark in shown
    assert "--redrive" in shown
    assert "1 message of events" in shop.run("queue_look", "events", "--redrive").ok().output
    assert _queue(shop, "events")["dead"] == dead


def test_stock_is_adjusted_by_a_delta_with_a_reason_and_the_trail_tells_who(
    shop: Project, keeper: Client
) -> None:
    """14: stock adjustment with a reason, order list, audit trail."""
    product = keeper.product()
    path = f"POST /admin/products/{product}/stock"
    for bad in ({"delta": 5}, {"delta": 5, "reason": ""}, {"delta": 0, "reason": "none"}):
        keeper.got(422, path, bad, headers={"idempotency-key": token_hex(8)})
    assert [keeper.adjust(product, 5, "a delivery", "key-1") for _ in range(2)] == [5, 5]
    assert keeper.adjust(product, -2, "broken") == 3
    keeper.got(409, path, {"delta": -4, "reason": "gone"}, headers={"idempotency-key": "key-2"})
    assert keeper.left(product) == 3

    me = keeper.got(200, "GET /users/me")["user_id"]
    entries = keeper.audit(f"product:{product}", at_least=3)
    reasons = {each["more"].get("reason") for each in entries}
    assert {"a delivery", "broken"} <= reasons
    assert "gone" not in reasons
    assert {each["by"] for each in entries} == {me}

    placed = customer(shop).paid(product)
    listed = keeper.pages("/admin/orders", "orders", state="paid")
    assert placed["order"] in [each["order"] for each in listed]
    keeper.got(200, f"POST /admin/orders/{placed['order']}/fulfil")
    assert keeper.refund(placed, amount=1).status_code == 201
    whats = [each["what"] for each in keeper.audit(f"order:{placed['order']}", at_least=2)]
    assert whats == ["refund asked for", "order fulfilled"], "the newest first"
    today = {each["subject"] for each in keeper.pages("/admin/audit", "entries")}
    assert f"order:{placed['order']}" in today
    customer(shop).got(403, "GET /admin/audit")


def test_every_route_is_in_the_document_that_the_shop_serves(shop: Project) -> None:
    """15: OpenAPI."""
    served = guest(shop).got(200, "GET /openapi.json")
    assert served == DOCUMENT
    documented = {
        f"{method.upper()} {path}" for path, ways in served["paths"].items() for method in ways
    }
    stated = {each.key for each in declared.ROUTES}
    assert stated - documented == set()


def test_errors_have_one_shape_and_an_id_that_the_log_knows(shop: Project, keeper: Client) -> None:
    """15: problem details (RFC 9457), request id."""
    anyone = guest(shop)
    answers = {
        400: keeper.ask("POST", "/admin/products", content=b"{", headers=_JSON),
        401: anyone.ask("GET", "/users/me"),
        403: customer(shop).ask("GET", "/admin/orders"),
        404: anyone.ask("GET", "/products/01KAMPVE00ZK8J4F7C2R5Q9XTB"),
        409: anyone.ask("POST", "/users", json={"username": keeper.name, "password": PASSWORD}),
        422: anyone.ask("POST", "/users", json={"username": "x"}),
    }
    ids = []
    for status, answer in answers.items():
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert set(problem) >= {"type", "title", "status", "detail", "request_id"}
        assert problem["status"] == status
        ids.append(problem["request_id"])
    assert len(set(ids)) == len(ids)

    def logged() -> set[Any]:
        return {line.get("request_id") for line in shop.log()}

    wait_for(lambda: logged() >= set(ids), 10, "their lines in the log")


def test_bodies_are_capped_failed_logins_limited_and_browsers_may_upload(
    shop: Project, keeper: Client
) -> None:
    """15: body cap, rate limit, CORS of uploads; the API's own is its gateway's, on the clouds."""
    anyone, name = guest(shop), f"customer-{token_hex(6)}"
    large = anyone.ask("POST", "/users", content=b" " * (7 * 1024**2), headers=_JSON)
    assert large.status_code in (400, 413), "as the cloud says it"

    wrong = {"username": name, "password": "not the one"}
    tries = [anyone.ask("POST", "/sessions", json=wrong) for _ in range(11)]
    assert [each.status_code for each in tries] == [401] * 10 + [429]
    assert int(tries[-1].headers["retry-after"]) > 0

    place = keeper.got(
        201,
        f"POST /admin/products/{keeper.product()}/images",
        {"content_type": "image/png", "size": 9},
    )
    asked = {"origin": "https://shop.example", "access-control-request-method": "PUT"}
    preflight = CLIENT.options(place["url"], headers=asked, timeout=40)
    assert preflight.headers["access-control-allow-origin"] == "*", "the URL is the permission"


def test_the_log_holds_nothing_personal_and_no_secret(shop: Project, keeper: Client) -> None:
    """15: no secret or personal data in logs."""
    mark = f"zq{token_hex(6)}"
    address = {**ADDRESS, "name": f"{mark} name", "street": f"{mark} street 1"}
    product = keeper.sold(5)
    known, visitor = customer(shop, f"{mark}-user"), with_cart(shop)
    for who in (known, visitor):
        placed = who.order(product, address=address, email=f"{mark}@letters.example")
        who.pay(placed)
        who.until(placed, "paid")
        assert keeper.refund(placed, reason=f"{mark} reason").status_code == 201
    bad = {"username": f"{mark}-user", "password": f"{mark} password"}
    guest(shop).got(401, "POST /sessions", bad)
    guest(shop).got(422, "POST /orders", {mark: mark}, headers={**visitor.headers, **_KEY})
    guest(shop).got(202, "POST /password-resets", {"username": f"{mark}-user"})
    wait_for(lambda: len(letters(shop, f"{mark}@letters.example")) == 4, 20, "the letters")
    run(shop, "settle")
    run(shop, "sweep")

    log = "\n".join(json.dumps(line) for line in shop.log())
    assert "POST /orders" in log or '"/orders"' in log, "the log is not of this shop"
    tokens = [*visitor.headers.values(), known.headers["authorization"].removeprefix("Bearer ")]
    secrets = [each.read_text().strip() for each in shop.places.secrets.iterdir()]
    for told in (mark, PASSWORD, "letters.example", *tokens, *secrets):
        assert told not in log, f"the log holds {told}"
    assert not re.search(r"eyJ[A-Za-z0-9_-]{20,}\.", log), "the log holds a token"


def test_carts_that_nobody_touches_for_thirty_days_are_dropped(
    shop: Project, keeper: Client
) -> None:
    """16: the expiry job."""
    product = keeper.product()
    young = with_cart(shop)
    young.put_in(product)
    month_ago = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 32 * 86_400))
    known = customer(shop)
    known.put_in(product)
    me = known.got(200, "GET /users/me")["user_id"]
    table(shop, "carts").update({"cart": f"user:{me}"}, set={"idle_at": month_ago})

    run(shop, "sweep")

    assert known.got(200, "GET /cart")["lines"] == []
    assert len(young.got(200, "GET /cart")["lines"]) == 1
    listed = shop.run("schedule_look").ok().output
    assert {"sweep", "settle"} <= set(listed.split())


_JSON = {"content-type": "application/json"}
_KEY = {"idempotency-key": "one-of-these"}


def _queue(shop: Project, name: str) -> dict[str, Any]:
    """What `make queue` tells of a queue."""
    found = json.loads(shop.run("queue_look", "--json", name).ok().output)
    return dict(found[name])
