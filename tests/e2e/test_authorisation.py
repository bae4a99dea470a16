"""Who may do what: each operation of the document by nobody, false tokens, others, the owner."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx
import jwt
import pytest

from app.adapters.common.clock import SystemClock
from app.adapters.common.tokens import SECRET, JwtTokens
from app.adapters.memory.secrets import MemorySecrets
from app.ports.tokens import Claims
from infra.local.places import Places
from tests.support.contract import PASSWORD, Documented, Person, asked, documented, registered
from tests.support.project import Project, opened

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
OPERATIONS = {each.key: each for each in documented()}
SECURED = [each for each in OPERATIONS.values() if each.secured]
OTHER_KEY = "an-other-key-of-this-kind-but-not-of-this-shop_0"


@dataclass(frozen=True, slots=True)
class Town:
    """A running shop, two of its users, and an upload of the first one."""

    shop: Project
    owner: Person
    other: Person
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
        yield Town(shop, owner, other, uploaded(owner))


def uploaded(person: Person) -> str:
    """The key of a picture that is there."""
    begun = person.ask("POST", "/uploads", json={"content_type": "image/png", "size": len(PNG)})
    place = begun.json()
    put = httpx.put(place["url"], content=PNG, headers=place["headers"], trust_env=False)
    assert put.is_success, put.text
    return str(place["key"])


def path_of(operation: Documented, town: Town) -> str:
    """The operation's path, that of the owner's own thing where it names one."""
    return operation.path.replace("{key}", town.upload)


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


def test_what_anyone_may_do_is_this_and_nothing_else() -> None:
    """Whoever opens another operation to everybody says so here."""
    anyone = {"GET /docs", "GET /health", "GET /openapi.json", "POST /sessions", "POST /users"}
    assert {key for key, each in OPERATIONS.items() if not each.secured} == anyone
    assert set(MINE) == {each.key for each in SECURED}


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


@pytest.mark.parametrize(
    "operation", [each for each in SECURED if "{key}" in each.path], ids=lambda each: each.key
)
def test_anothers_thing_is_as_if_it_were_not_there(town: Town, operation: Documented) -> None:
    """Byte for byte but for the request's id, or it would tell which keys there are."""
    told = []
    for path in (path_of(operation, town), operation.path.replace("{key}", "0" * 26)):
        answer = town.other.ask(operation.method, path, json=operation.example)
        assert answer.status_code == 404
        operation.check(answer)
        told.append({**answer.json(), "request_id": ""})
    assert told[0] == told[1]
    assert town.owner.ask("GET", f"/uploads/{town.upload}").status_code == 200


# How each is asked so that it goes well, by whom it may: body, and what the answer must show.
MINE: dict[str, tuple[object, str]] = {
    "GET /users/me": (None, "{name}"),
    "PUT /users/me/password": (
        {"old_password": PASSWORD, "new_password": PASSWORD},
        "",
    ),
    "DELETE /sessions/current": (None, ""),
    "POST /uploads": ({"content_type": "image/png", "size": 9}, "key"),
    "GET /uploads/{key}": (None, "{upload}"),
}


@pytest.mark.parametrize("key", MINE)
def test_the_owner_gets_a_good_answer_of_his_own_as_it_is_documented(town: Town, key: str) -> None:
    operation = OPERATIONS[key]
    body, shows = MINE[key]
    for person, others in ((town.owner, town.other), (town.other, town.owner)):
        asker = person.again()
        upload = uploaded(asker)
        answer = asker.ask(operation.method, operation.path.replace("{key}", upload), json=body)
        assert answer.status_code == operation.good, answer.text
        operation.check(answer)
        assert shows.format(name=person.name, upload=upload) in answer.text
        assert others.name not in answer.text
        assert town.upload not in answer.text


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS.values() if each.method == "GET" and not each.secured],
    ids=lambda each: each.key,
)
def test_what_anyone_may_read_needs_no_token_and_minds_none(
    town: Town, operation: Documented
) -> None:
    for headers in ({}, bearer("garbage")):
        assert asked(town.shop, "GET", operation.path, headers=headers).status_code == 200
