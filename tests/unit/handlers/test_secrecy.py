"""No password, token, key or name in a log line, an error's text or a printed form."""

import json
import re
from collections.abc import Callable

import pytest

from app.handlers.auth_bodies import (
    Login,
    NewPasswordOnly,
    NewUser,
    PasswordChange,
    ResetWanted,
    Session,
    User,
)
from app.handlers.notify import ResetAsked, Welcome
from app.messages import Message
from app.ports.blobs import Upload as Place
from app.ports.errors import PortError, UnavailableError
from app.ports.notifications import Letter
from app.services.accounts import Account
from app.services.authenticate import Caller
from app.services.begin_upload import Begun
from app.services.change_password import Change
from app.services.login import Credentials, LoggedIn
from app.services.sweep import SweepError
from tests.conftest import Counts
from tests.support.faults import Faults
from tests.support.memory_shop import NOW_MS, TOKEN_KEY, MemoryShop

NAME, PASSWORD, NEXT, URL = (
    "planted-name",
    "planted-password",
    "planted-next",
    "https://planted/url",
)
PLANTED = "planted"
EMAIL = "planted@planted.example"
ACCOUNT = Account(NAME, NAME, "planted-id", NOW_MS, "admin", EMAIL)
USER = User(NAME, "planted-id", NOW_MS, "customer", EMAIL)


@pytest.mark.parametrize(
    "value",
    [
        Credentials(NAME, PASSWORD, "planted-address"),
        Change(PASSWORD, NEXT, "planted-address"),
        ACCOUNT,
        Caller(ACCOUNT, "planted-session"),
        LoggedIn("planted-token", NOW_MS, ACCOUNT),
        Begun("key", Place(URL, {}), NOW_MS),
        NewUser(NAME, PASSWORD, EMAIL),
        Login(NAME, PASSWORD),
        PasswordChange(PASSWORD, NEXT),
        USER,
        Session("planted-token", "Bearer", NOW_MS, USER),
        Welcome("planted-event", "planted-id", NAME),
        ResetWanted(NAME),
        ResetAsked("planted-event", NAME),
        NewPasswordOnly(PASSWORD),
        Letter("planted-event", EMAIL, "planted", "planted"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_printed_form_of_what_carries_secrets_shows_none(value: object) -> None:
    for text in (repr(value), str(value), f"{value}", repr([value])):
        assert PLANTED not in text


def _reset(shop: MemoryShop, call: Callable[..., object]) -> str:
    """The token of a letter, or another where none went out."""
    call("POST /password-resets", {"username": NAME})
    failures: list[str] = []
    for message in shop.queue.messages:
        try:
            shop.consume(message)
        except PortError as error:
            failures.append(str(error))
    assert PLANTED not in str(failures)
    found = [re.findall(r"resets/([\w-]{43})", str(row["text"])) for row in shop.letters(EMAIL)]
    return next((each[0] for each in found if each), "planted" * 6)


def _steps(shop: MemoryShop, faults: Faults | None) -> str:
    """A user's whole way through the shop; what he was answered, his own token and URLs apart."""
    said: list[object] = []

    def call(key: str, body: object = None, token: str | None = None) -> dict[str, str]:
        answer = shop.call(key, body, token=token, adapters=faults)
        if answer.status >= 400:
            said.append(answer)
        return answer.json or {}

    user = {"username": NAME, "password": PASSWORD, "email": EMAIL}
    call("POST /users", user)
    call("POST /users", user | {"email": "planted"})
    user.pop("email")
    reset = _reset(shop, call)
    call(f"POST /password-resets/{reset}", {"new_password": "planted"})
    call(f"POST /password-resets/{reset}", {"new_password": PASSWORD})
    call(f"POST /password-resets/{reset}", {"new_password": PASSWORD})
    call("POST /password-resets", {"username": NAME, "planted": PASSWORD})
    call("POST /users", user)
    call("POST /users", user | {"password": "planted"})
    call("POST /users", {"username": NAME, "pass": PASSWORD})
    call("POST /users", f'{{"username": "{NAME}", "password": "{PASSWORD}"'.encode())
    call("POST /users", user | {"username": f"{NAME}!"})
    call("POST /sessions", user | {"password": f"{PASSWORD} of another"})
    token = call("POST /sessions", user).get("token")
    call("GET /users/me", token=f"{token}planted")
    call("PUT /users/me/password", {"old_password": NEXT, "new_password": NEXT}, token)
    call("PUT /users/me/password", {"old_password": PASSWORD, "new_password": NEXT}, token)
    begun = call("POST /uploads", {"content_type": "text/plain", "size": 3}, token)
    call("POST /uploads", {"content_type": PASSWORD, "size": 3}, token)
    call("POST /uploads", {"content_type": "text/plain", "size": PASSWORD}, token)
    call(f"GET /uploads/{begun.get('key', 'none')}", token=token)
    call("DELETE /sessions/current", token=token)
    return str(said)


@pytest.mark.parametrize("after", [False, True])
def test_whatever_fails_wherever_nothing_planted_is_told(
    after: bool,  # noqa: FBT001
    capsys: pytest.CaptureFixture[str],
    counts: Counts,
) -> None:
    """Each call of each store fails once: answers, errors and the log are searched."""
    shop = MemoryShop()
    whole = Faults(shop.cloud, 0, UnavailableError, after=after)
    said = _steps(shop, whole)
    told = 0
    for at in range(1, len(whole.calls) + 1, counts(small=3, full=1)):
        shop = MemoryShop()
        said += _steps(shop, Faults(shop.cloud, at, UnavailableError, after=after))
        try:
            shop.clock.advance(120_000)
            shop.sweep(Faults(shop.cloud, 3, UnavailableError, after=after))
        except SweepError as error:
            told += 1
            said += str(error)
        hashes = [str(row["password"]) for row in shop.table("users")._rows.values()]
        log = capsys.readouterr().err
        for secret in (PLANTED, TOKEN_KEY, "eyJ", *hashes):
            assert secret not in said
            assert secret not in log
        assert all(json.loads(line)["level"] == "warn" for line in log.splitlines())
    assert told


def test_a_message_that_cannot_be_consumed_is_not_told() -> None:
    shop = MemoryShop()
    body = json.dumps({"event": PASSWORD, "kind": NAME, "user_id": URL, "username": NAME})

    with pytest.raises(Exception, match="none of ours") as caught:
        shop.consume(Message(id="m-1", body=body, attempt=1))

    assert PLANTED not in str(caught.value)
    assert not isinstance(caught.value, PortError)
