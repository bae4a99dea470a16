"""Customers of a running shop who do as the API says: whoever gets no answer now asks again."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from secrets import token_hex
from threading import Barrier
from typing import Any, TypeVar

import httpx

from tests.support.project import Project
from tests.support.shop_client import BUSY, Client
from tests.support.shop_operator import rows

PRICE = 450
_PATIENCE_S = 90.0
_AGAIN_S = 0.05
_SERVER_ERROR = 500
_FATES = ("good",) * 5 + ("twice", "reordered", "silent", "declined", "cancel", "both", "leave")

Asked = TypeVar("Asked")
Got = TypeVar("Got")


@dataclass(frozen=True, slots=True)
class Patient(Client):
    """Asks again where nobody is free; with `shaken`, also where who answered was killed."""

    shaken: bool = False

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                answer = Client.ask(self, method, path, **options)
            except httpx.TransportError as error:
                if not self.shaken:
                    raise
                seen: object = repr(error)
            else:
                crashed = self.shaken and answer.status_code >= _SERVER_ERROR
                if answer.status_code not in BUSY and not crashed:
                    return answer
                seen = answer.status_code, answer.text
            assert time.monotonic() < until, f"no answer to {method} {path}: {seen}"
            time.sleep(_AGAIN_S)


@dataclass(frozen=True, slots=True)
class Bought:
    """What a customer was told: of an order that was placed, and perhaps that it is paid."""

    status: int
    placed: Any
    paid: bool = False


def guest(shop: Project, *, shaken: bool = False) -> Patient:
    """A guest with a cart."""
    token = Patient(shop, shaken=shaken).got(201, "POST /carts")["cart_token"]
    return Patient(shop, {"x-cart-token": token}, shaken=shaken)


def patient(known: Client, *, shaken: bool = False) -> Patient:
    """Somebody who is known, and asks again from now on."""
    return Patient(known.shop, known.headers, known.name, shaken=shaken)


def fill(who: Client, pieces: dict[str, int]) -> None:
    """Have so many pieces in the cart, however often this is done."""
    for product, quantity in pieces.items():
        who.got(200, f"PUT /cart/lines/{product}", {"quantity": quantity})


def pay(who: Client, placed: Any, card: str = "good") -> str:
    """Pay at the provider's page and say so; the state of the order then."""
    who.pay(placed, card)
    return str(who.got(200, f"POST /orders/{placed['order']}/confirm")["state"])


def buy(shop: Project, products: Sequence[str], code: str, seed: int, *, shaken: bool) -> Bought:
    """One of many customers: what he orders, and what he does then, follows from the seed.

    The price of all products is PRICE, and the promotion takes 100 off.
    """
    chance = random.Random(seed)
    who = guest(shop, shaken=shaken)
    wanted = {each: chance.randint(1, 2) for each in chance.sample(products, chance.randint(1, 3))}
    fill(who, wanted)
    promotion = code if chance.random() < 0.2 else ""
    total = PRICE * sum(wanted.values()) - (100 if promotion else 0)
    more = {"promotion": promotion} if promotion else {}
    key = token_hex(8)
    times = 2 if chance.random() < 0.25 else 1
    answers = at_once([lambda: who.orders(key, total, **more)] * times)
    assert len({(each.status_code, _said(each)) for each in answers}) == 1, answers
    placed = answers[0].json()
    if answers[0].status_code != 201:
        assert answers[0].status_code == 409, answers[0].text
        return Bought(answers[0].status_code, placed)
    return Bought(201, placed, _ended(who, placed, chance.choice(_FATES)))


def _said(answer: httpx.Response) -> object:
    """What an answer says, but for the id of its request."""
    said = answer.json()
    return tuple(sorted((name, str(each)) for name, each in said.items() if name != "request_id"))


def _ended(who: Patient, placed: Any, fate: str) -> bool:
    """Whether he was told that it is paid."""
    cancel = f"POST /orders/{placed['order']}/cancel".split()
    if fate == "leave":
        return False
    if fate == "cancel":
        answer = who.ask(*cancel)
        assert answer.status_code == 200, answer.text
        return False
    if fate == "both":
        states = at_once([lambda: pay(who, placed), lambda: who.ask(*cancel).status_code])
        assert states[1] in {200, 409}
        return states[0] == "paid"
    return pay(who, placed, fate) == "paid"


def broken_promises(shop: Project, bought: Sequence[Bought]) -> list[str]:
    """What somebody was told that is not so when all is at rest."""
    there = {row["order"]: row for row in rows(shop, "orders")}
    found = []
    for each in bought:
        if each.status == 201:
            order = each.placed["order"]
            row = there.get(order)
            if row is None or row["outcome"] != "placed" or row["total"] != each.placed["total"]:
                found.append(f"order {order} was placed, and is not so")
            elif each.paid and row["state"] != "paid":
                found.append(f"order {order} was paid, and is {row['state']}")
    return found


def at_once(calls: Sequence[Callable[[], Got]]) -> list[Got]:
    """What each of them returns, all begun at the same moment."""
    if len(calls) == 1:
        return [calls[0]()]
    start = Barrier(len(calls))

    def begun(call: Callable[[], Got]) -> Got:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begun, calls))


def from_clients(count: int, run: Callable[[Asked], Got], asked: Sequence[Asked]) -> list[Got]:
    """What `run` makes of each, by so many clients at a time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, asked))
