"""Promotions; and what nobody can ask for: it is refused and named, and no error of ours."""

import json
from typing import Any

import pytest

from app.handlers import settle
from app.ports.adapters import Adapters
from app.ports.errors import ConditionFailedError, UnavailableError
from tests.support.faults import Faults
from tests.support.memory_shop import MemoryShop

TERMS = {
    "kind": "percent",
    "value": 10,
    "currency": "EUR",
    "minimum": 0,
    "starts_at": 0,
    "ends_at": 2_000_000_000_000,
}
CODE = {"code": "SPRING", "uses": 3}


@pytest.mark.parametrize(
    "changed",
    [
        {"ends_at": 2**63},
        {"ends_at": 2**70},
        {"starts_at": -(2**63) - 1},
        {"starts_at": 5, "ends_at": 5},
        {"kind": "percent", "value": 101},
    ],
)
def test_terms_that_cannot_hold_are_refused(changed: dict[str, Any]) -> None:
    shop = MemoryShop()
    admin = shop.admin()
    path = "POST /admin/promotions"
    assert shop.call(path, {**TERMS, **CODE, **changed}, token=admin).status == 422
    assert shop.call(path, {**TERMS, **CODE}, token=admin).status == 201


def test_terms_are_changed_as_of_the_version_that_was_seen() -> None:
    shop = MemoryShop()
    admin = shop.admin()
    assert shop.call("POST /admin/promotions", {**TERMS, **CODE}, token=admin).status == 201
    for version, status in ((2**63, 409), (2, 409), (1, 200), (1, 409), (2, 200)):
        body = {**TERMS, "active": True, "version": version}
        answer = shop.call("PUT /admin/promotions/SPRING", body, token=admin)
        assert answer.status == status


def test_a_row_that_nobody_hears_of_is_changed_sixty_four_times_and_no_more() -> None:
    """While the queue is away, what is to be told of a row stays in it; a row has bounds."""
    shop = MemoryShop()
    admin = shop.admin()
    assert shop.call("POST /admin/promotions", {**TERMS, **CODE}, token=admin).status == 201

    def change(version: int, adapters: Adapters | None = None) -> int:
        body = {**TERMS, "active": True, "version": version}
        return shop.call(
            "PUT /admin/promotions/SPRING", body, token=admin, adapters=adapters
        ).status

    away = QueueAway(shop.cloud)
    for version in range(1, 65):
        assert change(version, away) == 200
    assert change(65, away) == 409
    row = shop.table("promotions").get({"code": "SPRING"}) or {}
    assert (row["version"], len(json.loads(str(row["told"])))) == (65, 64)

    shop.clock.advance(3_600_000)
    settle.run(shop.services("settle"))
    assert change(65) == 200


class QueueAway(Faults):
    """Nothing can be sent."""

    def __init__(self, adapters: Adapters) -> None:
        super().__init__(adapters, 0, UnavailableError, after=False)

    def call(self, name: str, run: Any) -> Any:
        if name.endswith(".send"):
            raise UnavailableError("the queue is away")
        return run()


@pytest.mark.parametrize("error", [ConditionFailedError, UnavailableError])
def test_an_answer_that_was_lost_is_told_from_a_change_by_somebody_else(
    error: type[Exception],
) -> None:
    """It was done, and the client below asked again, or gave up."""
    shop = MemoryShop()
    admin = shop.admin()

    def lost() -> Faults:
        return Named(shop.cloud, error)

    made = shop.call("POST /admin/promotions", {**TERMS, **CODE}, token=admin, adapters=lost())
    assert (made.status, made.json["version"]) == (201, 1)
    assert shop.call("POST /admin/promotions", {**TERMS, **CODE}, token=admin).status == 409
    body = {**TERMS, "active": False, "version": 1}
    changed = shop.call("PUT /admin/promotions/SPRING", body, token=admin, adapters=lost())
    assert (changed.status, changed.json["version"], changed.json["active"]) == (200, 2, False)
    assert len(shop.cloud.queues["events"].messages) == 2


@pytest.mark.parametrize("error", [ConditionFailedError, UnavailableError])
def test_an_answer_that_was_lost_puts_nothing_in_a_cart_twice(error: type[Exception]) -> None:
    shop = MemoryShop()
    product = {"name": "Tea", "price": 500, "currency": "EUR"}
    made = shop.call("POST /admin/products", product, token=shop.admin()).json["product"]
    token = shop.token()
    for pieces in (2, 4):
        body = {"lines": [{"product": made, "quantity": 2}]}
        lost = Named(shop.cloud, error)
        answer = shop.call("POST /cart/lines", body, token=token, adapters=lost)
        assert [each["quantity"] for each in answer.json["lines"]] == [pieces]


class Named(Faults):
    """The first write of a cart or a promotion is done, and its answer is this error."""

    def __init__(self, adapters: Adapters, error: type[Exception]) -> None:
        super().__init__(adapters, 0, error, after=True)
        self._lost: Exception | None = error("no answer")

    def call(self, name: str, run: Any) -> Any:
        done = super().call(name, run)
        table, _, method = name.partition(".")
        error = self._lost
        if table in ("carts", "promotions") and method in ("put", "update") and error is not None:
            self._lost = None
            raise error
        return done


@pytest.mark.parametrize("name", ["x" * 2_000, "%00", "a%20b"])
def test_what_can_be_no_product_is_not_sold(name: str) -> None:
    shop = MemoryShop()
    token = shop.token()
    key = f"PUT /cart/lines/{name}".replace("%00", "\0").replace("%20", " ")
    assert shop.call(key, {"quantity": 1}, token=token).status == 404


@pytest.mark.parametrize("subject", ["x" * 2_000, "%00"])
def test_a_subject_that_nothing_can_have_is_refused(subject: str) -> None:
    shop = MemoryShop()
    answer = shop.call(f"GET /admin/audit?subject={subject}", token=shop.admin())
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "subject")


def test_whatever_an_admin_writes_reaches_the_audit_trail() -> None:
    """Queues carry their messages in XML, which has no such character."""
    shop = MemoryShop()
    product = {"name": "Tea \ufffe\uffff", "price": 500, "currency": "EUR"}
    assert shop.call("POST /admin/products", product, token=shop.admin()).status == 201
    (told,) = [json.loads(each.body) for each in shop.cloud.queues["events"].messages]
    assert told["more"]["name"] == product["name"]
    shop.tell_all()
