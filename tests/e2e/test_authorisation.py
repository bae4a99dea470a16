"""Who may do what: each operation of the document by everybody there is.

Nobody, false tokens, a guest with a cart, the owner of what it is about, another customer, an
admin. Which operations there are is read from the document, so none is left out.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import jwt
import pytest

from app.adapters.common.clock import SystemClock
from app.adapters.common.tokens import SECRET, JwtTokens
from app.adapters.memory.secrets import MemorySecrets
from app.ports.tokens import Claims
from infra.local.places import Places
from tests.support.contract import Documented, Person, asked, documented, registered
from tests.support.good_requests import GOOD, uploaded
from tests.support.project import Project, opened
from tests.support.shop_client import Client, admin, customer, guest, with_cart

OPERATIONS = {each.key: each for each in documented()}
SECURED = [each for each in OPERATIONS.values() if each.secured]
FOR_ADMINS = [each for each in SECURED if each.path.startswith("/admin/")]
OWN = [each for each in SECURED if "{key}" in each.path or each.path.startswith("/orders/{order}")]
# the page of the fake provider of payments, whose addresses are the secret
FAKE = {"GET /payments/fake/{payment}", "POST /payments/fake/{payment}"}
OTHER_KEY = "an-other-key-of-this-kind-but-not-of-this-shop_0"


@dataclass(frozen=True, slots=True)
class Town:
    """A running shop, two of its customers, its keeper, a guest, and an upload of the first one."""

    shop: Project
    owner: Person
    other: Person
    keeper: Client
    guest: Client
    upload: str

    @property
    def key(self) -> str:
        """The key that signs this shop's tokens."""
        return (Places(self.shop.root).secrets / SECRET).read_text().split()[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Under one cloud's gateway by default, under both with --soak."""
    if "town" in metafunc.fixturenames:
        clouds = ["aws", "alicloud"] if metafunc.config.getoption("--soak") else ["aws"]
        metafunc.parametrize("town", clouds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    with opened(tmp_path_factory.mktemp(request.param) / "shop", whole=True) as shop:
        shop.settings(f"target: local\nlocal:\n  emulate: {request.param}\n")
        shop.up().ok()
        owner, other = registered(shop, "owner"), registered(shop, "other")
        upload = uploaded(client(owner))
        yield Town(shop, owner, other, admin(shop, "keeper"), with_cart(shop), upload)


def client(person: Person) -> Client:
    """The same person, who has a cart and orders."""
    return Client(person.shop, person.headers, person.name)


def path_of(operation: Documented, town: Town) -> str:
    """The operation's path, that of the owner's own upload where it names one."""
    path = operation.path.replace("{key}", town.upload)
    return path.replace("{order}", "a" * 26).replace("{product}", "0" * 26).replace("{code}", "X")


def signed(key: str, **changes: object) -> str:
    """A token as the shop would make it, but for these claims."""
    secrets = MemorySecrets({SECRET: key})
    usual = Claims(user="somebody", session="session", expires_at=int(time.time()) + 3600)
    token = JwtTokens(secrets, SystemClock()).issue(usual)
    found = jwt.decode(token, options={"verify_signature": False}) | changes
    return jwt.encode(found, key, algorithm="HS256", headers=jwt.get_unverified_header(token))


def claims_of(town: Town) -> dict[str, object]:
    """What the owner's good token states."""
    return dict(jwt.decode(town.owner.token, options={"verify_signature": False}))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def ended(town: Town) -> dict[str, str]:
    """The token of a session that was logged out."""
    again = town.owner.again()
    assert again.ask("DELETE", "/sessions/current").status_code == 204
    return again.headers


def unsigned(town: Town) -> dict[str, str]:
    return bearer(jwt.encode(claims_of(town), None, algorithm="none"))


def of_other_key(town: Town) -> dict[str, str]:
    return bearer(signed(OTHER_KEY, **claims_of(town)))


def of_other_key_by_our_name(town: Town) -> dict[str, str]:
    kid = jwt.get_unverified_header(town.owner.token)["kid"]
    return bearer(jwt.encode(claims_of(town), OTHER_KEY, algorithm="HS256", headers={"kid": kid}))


def swapped(town: Town) -> dict[str, str]:
    """The owner's claims under the other's signature."""
    head, body, _ = town.owner.token.split(".")
    return bearer(f"{head}.{body}.{town.other.token.split('.')[2]}")


FALSE: dict[str, Callable[[Town], Mapping[str, str | bytes]]] = {
    "nobody": lambda _town: {},
    "no scheme": lambda town: {"authorization": town.owner.token},
    "another scheme": lambda town: {"authorization": f"Basic {town.owner.token}"},
    "no token": lambda _town: {"authorization": "Bearer"},
    "garbage": lambda _town: bearer("garbage"),
    "garbage in three parts": lambda _town: bearer(f"e30.e30.{'A' * 43}"),
    "no ASCII": lambda _town: {"authorization": b"Bearer \xe4\xf6\xfc"},
    "very long": lambda _town: bearer("x" * 9000),
    "two tokens": lambda town: bearer(f"{town.owner.token},{town.owner.token}"),
    "cut short": lambda town: bearer(town.owner.token[:-1]),
    "unsigned": unsigned,
    "signed by another key": of_other_key,
    "signed by another key of our key's name": of_other_key_by_our_name,
    "another's signature": swapped,
    "expired": lambda town: bearer(signed(town.key, **claims_of(town) | {"exp": 1})),
    "expired just now": lambda town: bearer(
        signed(town.key, **claims_of(town) | {"exp": int(time.time())})
    ),
    "of no session": lambda town: bearer(signed(town.key, **claims_of(town) | {"sid": "none"})),
    "of another user": lambda town: bearer(signed(town.key, **claims_of(town) | {"sub": "none"})),
    "logged out": ended,
}


# What a guest may be taken for by the header of carts, and is not.
FALSE_CARTS: dict[str, Callable[[Town], Mapping[str, str | bytes]]] = {
    "garbage": lambda _town: {"x-cart-token": "garbage"},
    "a user's token": lambda town: {"x-cart-token": town.owner.token},
    "signed by another key": lambda _town: {
        "x-cart-token": signed(OTHER_KEY, sub=f"guest:{'0' * 26}", sid="cart")
    },
    "of no guest": lambda town: {"x-cart-token": signed(town.key, sub="0" * 26, sid="cart")},
    "ended": lambda town: {
        "x-cart-token": signed(town.key, sub=f"guest:{'0' * 26}", sid="cart", exp=1)
    },
    "a cart's token for a user's": lambda town: bearer(str(town.guest.headers["x-cart-token"])),
}


def test_what_anyone_may_do_is_this_and_nothing_else() -> None:
    """Whoever opens another operation to everybody says so here."""
    anyone = {
        *("GET /docs", "GET /health", "GET /openapi.json", "POST /sessions", "POST /users"),
        *("POST /password-resets", "POST /password-resets/{token}", "POST /carts"),
        *("GET /products", "GET /products/{product}", "POST /payments/webhooks"),
    }
    assert {key for key, each in OPERATIONS.items() if not each.secured} - FAKE == anyone
    assert set(GOOD) == {each.key for each in SECURED}


def test_what_guests_may_do_is_this_and_nothing_else() -> None:
    """By the token of a cart."""
    theirs = {each.key for each in SECURED if {"cart": []} in each.stated["security"]}
    assert theirs == {key for key in GOOD if key.partition(" ")[2].startswith(("/cart", "/orders"))}


@pytest.mark.parametrize("credentials", FALSE)
@pytest.mark.parametrize("operation", SECURED, ids=lambda each: each.key)
def test_without_a_good_token_nothing_is_done_and_nothing_told(
    town: Town, operation: Documented, credentials: str
) -> None:
    headers = FALSE[credentials](town)
    for body in (operation.example, {"wrong": "body"}):
        answer = asked(
            town.shop, operation.method, path_of(operation, town), headers=headers, json=body
        )
        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        operation.check(answer)
        assert town.upload not in answer.text
    assert town.owner.ask("GET", "/users/me").status_code == 200


@pytest.mark.parametrize("token", FALSE_CARTS)
def test_what_is_no_carts_token_opens_no_cart_and_no_order(town: Town, token: str) -> None:
    headers = FALSE_CARTS[token](town)
    for operation in (each for each in SECURED if {"cart": []} in each.stated["security"]):
        path = path_of(operation, town)
        answer = asked(town.shop, operation.method, path, headers=headers, json=operation.example)
        assert answer.status_code == 401, f"{operation.key}: {answer.text}"
        operation.check(answer)


@pytest.mark.parametrize("operation", OWN, ids=lambda each: each.key)
def test_anothers_thing_is_as_if_it_were_not_there(town: Town, operation: Documented) -> None:
    """To customers, guests and admins: byte for byte but for the request's id."""
    owner = client(town.owner)
    good = GOOD[operation.key](owner, town.keeper)
    absent = operation.path.replace("{key}", "0" * 26).replace("{order}", "a" * 26)
    strangers = [client(town.other), town.keeper]
    if {"cart": []} in operation.stated["security"]:
        strangers.append(town.guest)
    for stranger in strangers:
        told = []
        for path in (good.path, absent):
            answer = stranger.ask(operation.method, path, headers=dict(good.headers))
            assert answer.status_code == 404, f"{stranger.name}: {answer.text}"
            operation.check(answer)
            told.append({**answer.json(), "request_id": ""})
        assert told[0] == told[1]
    answer = good.send(owner, operation.method)
    assert answer.status_code == operation.good, "nothing became of it"


def test_a_guests_order_is_neither_anothers_guests_nor_anybodys(town: Town) -> None:
    mine = with_cart(town.shop)
    placed = mine.order(town.keeper.sold(1))
    for stranger in (town.guest, client(town.owner), town.keeper):
        stranger.got(404, f"GET /orders/{placed['order']}")
        assert stranger.got(200, "GET /orders")["orders"] == [
            each
            for each in stranger.got(200, "GET /orders")["orders"]
            if each["order"] != placed["order"]
        ]
    mine.got(200, f"GET /orders/{placed['order']}")


@pytest.mark.parametrize("operation", SECURED, ids=lambda each: each.key)
def test_each_gets_a_good_answer_as_it_is_documented_or_is_refused(
    town: Town, operation: Documented
) -> None:
    """The same request that goes well in one's name is refused in the others'."""
    for_guests = {"cart": []} in operation.stated["security"]
    askers: dict[str, tuple[Client, int]] = {
        "an admin": (admin(town.shop), operation.good),
        "a customer": (customer(town.shop), operation.good),
        "a guest": (with_cart(town.shop), operation.good if for_guests else 401),
        "nobody": (guest(town.shop), 401),
    }
    if operation in FOR_ADMINS:
        askers["a customer"] = (askers["a customer"][0], 403)
    refused = [asker for asker, status in askers.values() if status != operation.good]
    for who, (asker, status) in askers.items():
        if asker in refused:
            continue
        good = GOOD[operation.key](asker, town.keeper)
        for stranger in refused:
            answer = good.send(stranger, operation.method)
            expected = next(status for each, status in askers.values() if each is stranger)
            assert answer.status_code == expected, f"{who}'s: {answer.text}"
            operation.check(answer)
        answer = good.send(asker, operation.method)
        assert answer.status_code == status, f"{who}: {answer.text}"
        operation.check(answer)
        assert town.owner.name not in answer.text or operation in FOR_ADMINS
        assert town.upload not in answer.text


@pytest.mark.parametrize(
    "operation",
    [
        each
        for each in OPERATIONS.values()
        if each.method == "GET" and not each.secured and each.key not in FAKE
    ],
    ids=lambda each: each.key,
)
def test_what_anyone_may_read_needs_no_token_and_minds_none(
    town: Town, operation: Documented
) -> None:
    path = operation.path.replace("{product}", town.keeper.product())
    for headers in ({}, bearer("garbage")):
        assert asked(town.shop, "GET", path, headers=headers).status_code == 200
