"""What is done to a shop so that each secret of it passes through every place it could stay at."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex, token_urlsafe
from urllib.parse import quote, quote_plus

import jwt

from app.adapters.common.signing import Allowed, signed_url
from tests.support import project_processes as processes
from tests.support.contract import documented
from tests.support.planting import Life

BLOB = b"the bytes of an upload"
UPLOAD = {"content_type": "text/plain", "size": len(BLOB)}
POISON = f"no welcome, but {token_hex(8)}"
FILLER = 56_000  # bytes that one request for it leaves in the log
FILLED = 9  # times: more than half of a log, and less than all of it
NAME = "the-owner-of-the-planted"


def give_secrets(life: Life) -> None:
    """`make secret`, well and badly."""
    planted = life.planted
    key = planted.keys("given", token_urlsafe(32))
    assert life.secret("--name", "token-key", value=f"{key}\n".encode()) == 0
    bad = planted.password("no key")
    assert life.secret("--name", "token-key", value=bad.encode()) == 1
    long = planted.keys("too long", token_urlsafe(40)) * 100
    assert life.secret("--name", "other-key", value=long.encode()) == 1
    assert life.secret("--name", "other-key", value=key.encode() + b"\xff") == 1
    for words in (("{}",), ("--value={}",), ("--value", "{}"), ("--random={}",), ("--list={}",)):
        given = planted.keys(f"as {words[0]}", token_urlsafe(32))
        said = [each.format(given) for each in words]
        assert life.secret("--name", "token-key", *said) != 0


def live(life: Life) -> None:
    """Every operation, well and badly, while workers are killed."""
    planted = life.planted
    password = planted.password("right")
    words = {"username": NAME, "password": password}
    assert life.ask("POST", "/users", json=words).status_code == 201
    life.plant_keys("once made")
    token = log_in(life, words, "good")
    badly_registered(life, token)
    wrong_logins(life, words)
    for number in range(1, FILLED + 1):
        assert life.ask("GET", "/clumsy").status_code == 200
        life.wait_for_log(number * FILLER)
    clumsily(life, token)
    uploads(life, token)
    with_every_token(life, token)
    while_workers_are_killed(life)
    new = planted.password("new")
    changes = {"old_password": password, "new_password": new}
    bearer = {"authorization": f"Bearer {token}"}
    wrong = changes | {"old_password": planted.password("wrong old one")}
    assert life.ask("PUT", "/users/me/password", json=wrong, headers=bearer).status_code == 422
    assert life.ask("PUT", "/users/me/password", json=changes, headers=bearer).status_code == 204
    assert life.ask("POST", "/sessions", json=words).status_code == 401
    after = log_in(life, words | {"password": new}, "after the change")
    gone = {"authorization": f"Bearer {after}"}
    assert life.ask("DELETE", "/sessions/current", headers=gone).status_code == 204
    assert life.ask("GET", "/users/me", headers=gone).status_code == 401


def log_in(life: Life, words: dict[str, str], what: str) -> str:
    """A new session's token."""
    answer = life.ask("POST", "/sessions", json=words, gives="token")
    assert answer.status_code == 201, answer.text
    return life.planted.token(what, answer.json()["token"])


def badly_registered(life: Life, token: str) -> None:
    """Bodies that are refused, and what else a client may do with a password that it should not."""
    planted = life.planted
    short = planted.add("password: too short", f"{token_hex(3)}§")
    every = [planted.password(f"in a bad body, {number}") for number in range(12)]
    bad: list[object] = [
        {"username": "somebody", "password": short},
        {"username": "somebody", "password": every[0] * 4},
        {"username": every[1], "password": every[1]},
        {"username": every[2][:1], "password": every[2]},
        {"username": "somebody", "password": "long enough", every[3]: "x"},
        {"username": "somebody", "passwort": every[4]},
        {"username": [every[5]], "password": {"is": every[5]}},
        [every[6]],
        every[7],
    ]
    for path in ("/users", "/sessions"):
        for body in bad:
            assert life.ask("POST", path, json=body).status_code in {401, 422}, body
        for text in (
            json.dumps({"username": "somebody", "password": every[8]})[:-1],
            f"username=somebody&password={quote_plus(every[9])}",
            json.dumps({"username": "somebody", "password": every[10]}) + "}",
            json.dumps({"password": every[10], "username": "\ud800"}),
            f'{{"username": "somebody", "password": "{every[11]}\\ud800"}}',
        ):
            answer = life.ask("POST", path, content=text.encode(errors="surrogatepass"))
            assert answer.status_code in {400, 401, 422}, text
        form = {"username": "somebody", "password": every[9]}
        assert life.ask("POST", path, data=form).status_code == 400
        assert life.ask("POST", path, content=every[8].encode() * 9000).status_code == 413
        query = f"?password={quote(every[10])}&token={token}&{quote(every[11])}"
        assert life.ask("POST", path + query, json=[]).status_code == 422
    head = f"POST /users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
    life.say(f"{head}{every[0]}\r\n\r\n".encode())


def wrong_logins(life: Life, words: dict[str, str]) -> None:
    """Wrong passwords, until even a right one is of no use; and passwords as names."""
    planted = life.planted
    other = {"username": "the-throttled", "password": planted.password("of a throttled one")}
    assert life.ask("POST", "/users", json=other).status_code == 201
    for number in range(10):
        wrong = other | {"password": planted.password(f"wrong {number}")}
        assert life.ask("POST", "/sessions", json=wrong).status_code == 401
    assert life.ask("POST", "/sessions", json=other).status_code == 429
    swapped = {"username": words["password"], "password": words["username"]}
    assert life.ask("POST", "/sessions", json=swapped).status_code == 401
    assert life.ask("POST", "/users", json=words).status_code == 409
    cookies = {"cookie": f"password={quote(words['password'])}"}
    assert life.ask("GET", "/users/me", headers=cookies).status_code == 401
    pair = (words["username"], words["password"])
    assert life.ask("GET", "/users/me", auth=pair).status_code == 401


def clumsily(life: Life, token: str) -> None:
    """A handler of somebody's own that raises, and takes pains to say all that it knows."""
    bearer = {"authorization": f"Bearer {token}", "cookie": f"session={token}"}
    for how, status in (("raises", 500), ("exits", 500), ("dies", 500)):
        body = {"password": life.planted.password(f"of what {how}"), "how": how}
        answer = life.ask(
            "POST",
            f"/clumsy?token={token}&password={quote(body['password'])}",
            json=body,
            headers=bearer,
        )
        assert answer.status_code == status, answer.text


def uploads(life: Life, token: str) -> None:
    """Signed addresses, used well and badly."""
    planted, bearer = life.planted, {"authorization": f"Bearer {token}"}
    begun = life.ask("POST", "/uploads", json=UPLOAD, headers=bearer, gives="url")
    assert begun.status_code == 201, begun.text
    place = begun.json()
    url, headers = planted.signature("of an upload", place["url"]), place["headers"]
    other = headers | {"content-type": "image/png"}
    assert life.ask("PUT", url, content=BLOB, headers=other).status_code == 403
    assert life.ask("GET", url).status_code == 403
    assert life.ask("PUT", f"{url}&password=1", content=BLOB, headers=headers).status_code == 403
    encoded = url.replace("?", "%3F").replace("&", "%26")
    assert life.ask("PUT", encoded, content=BLOB, headers=headers).status_code in {400, 403}
    assert life.ask("PUT", url, content=BLOB, headers=headers).status_code == 200
    got = life.ask("GET", f"/uploads/{place['key']}", headers=bearer, gives="url")
    assert got.status_code == 200, got.text
    there = planted.signature("of a download", got.json()["url"])
    assert life.ask("GET", there).content == BLOB
    assert life.ask("PUT", there, content=BLOB).status_code in {400, 403}
    assert life.ask("GET", f"/uploads/{quote(there, safe='')}", headers=bearer).status_code == 404
    base, _, key = there.partition("?")[0].partition("/uploads/")
    secret = (life.shop.places.secrets / "storage-key").read_text().strip()
    for what, signing, ends in (("forged", "another", 2**50), ("ended", secret, 1)):
        made = signed_url(base, Allowed("GET", "uploads", key), ends, signing)
        assert life.ask("GET", planted.signature(what, made)).status_code == 403
    assert life.ask("GET", f"{base}/uploads/{token}", headers=bearer).status_code == 403


def concrete(path: str) -> str:
    """A path as it is asked for, where nothing of what it names is there."""
    return re.sub(r"\{[^}]*\}", "0" * 26, path)


def with_every_token(life: Life, token: str) -> None:
    """Good and bad tokens with every operation, whatever it takes; and where no token belongs."""
    key = (life.shop.places.secrets / "token-key").read_text().split()[0]
    head = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})

    def made(what: str, signing: str, **changes: object) -> str:
        stated = claims | {"sid": token_urlsafe(32)} | changes
        return life.planted.token(what, jwt.encode(stated, signing, "HS256", head))

    forged = made("forged", life.planted.keys("of a forger", token_urlsafe(32)))
    expired = made("expired", key, exp=int(time.time()) - 1)
    sessionless = made("of no session", key)
    good = {"authorization": f"Bearer {token}"}
    for operation in documented():
        path = concrete(operation.path)
        for bad in (forged, expired, sessionless, f"{token}x", f"{token},{forged}"):
            found = life.ask(
                operation.method,
                f"{path}?access_token={bad}",
                json={"token": bad, "password": life.planted.password("beside a token")}
                if operation.example
                else None,
                headers={"authorization": f"Bearer {bad}", "x-api-key": bad},
            )
            assert found.status_code < 500, found.text
            if operation.secured:
                assert found.status_code == 401, found.text
        if operation.secured and operation.method != "DELETE":
            found = life.ask(operation.method, path, json={token: token}, headers=good)
            assert found.status_code in {200, 403, 404, 422}, found.text
    for each in (token, forged, expired):
        for path in (f"/uploads/{each}", f"/{each}", f"/users/{each}/me", f"/uploads%2F{each}"):
            assert life.ask("GET", path, headers=good).status_code == 404


def while_workers_are_killed(life: Life) -> None:
    """People come while workers are killed under them; what they are told is kept like the rest."""
    people = [
        {"username": f"person-{number}", "password": life.planted.password(f"of {number}")}
        for number in range(12)
    ]

    def take_part(words: dict[str, str]) -> None:
        until = time.monotonic() + 60
        while life.ask("POST", "/users", json=words).status_code not in {201, 409}:
            assert time.monotonic() < until
        answer = life.ask("POST", "/sessions", json=words, gives="token")
        if answer.is_success:
            life.planted.token(words["username"], answer.json()["token"])

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(take_part, words) for words in people]
        for _ in range(3):
            time.sleep(0.15)
            processes.kill(life.workers())
        for each in done:
            each.result()


def command(life: Life) -> None:
    """All that the commands say."""
    life.poison(json.dumps({"event": POISON, "kind": "welcome"}))
    assert life.secret("--name", "token-key", "--rotate") == 0
    assert life.secret("--name", "storage-key", "--random") == 0
    assert life.secret("--name", "token-key") == 0
    assert life.secret("--list") == 0
    for words in (
        ("queue_look",),
        ("queue_look", "welcome"),
        ("schedule_look",),
        ("schedule_look", "--run", "sweep"),
        ("logs", "--no-follow", "--lines", "9999"),
        ("logs", "--no-follow", "--lines", "9999", "--json"),
    ):
        life.run(*words).ok()
    life.told("preview", life.shop.preview()).ok()
    life.told("export", life.shop.shell("pulumi stack export --show-secrets")).ok()
