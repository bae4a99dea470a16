"""Accounts of a running shop: forgotten passwords, the operator's admins, what is for admins."""

import json
import re
from secrets import token_hex
from typing import Any

import httpx
import pytest

from tests.support.contract import PASSWORD, Documented, documented
from tests.support.project import Project
from tests.support.project_processes import wait_for
from tests.support.shop_client import Client, customer, guest, logged_in
from tests.support.shop_operator import letters, table

NEW = "quite another one"
ADMIN = [each for each in documented() if each.path.startswith("/admin/")]


def registered(shop: Project, **more: str) -> tuple[str, str]:
    """The name and the address of somebody new."""
    name = f"tea-{token_hex(6)}"
    email = f"{name}@house.example"
    body = {"username": name, "password": PASSWORD, "email": email} | more
    assert guest(shop).got(201, "POST /users", body)["email"] == body["email"]
    return name, email


def asked(shop: Project, name: str) -> httpx.Response:
    return guest(shop).ask("POST", "/password-resets", json={"username": name})


def subjects(shop: Project, email: str) -> list[object]:
    return [each["subject"] for each in letters(shop, email)]


def token(shop: Project, email: str, number: int = 1) -> str:
    """The token of the newest letter, once there are so many with one."""

    def found() -> list[Any]:
        return [each for each in letters(shop, email) if each["subject"] == "A new password"]

    wait_for(lambda: len(found()) >= number, 20, f"{number} letters to {email}")
    match = re.search(r"/password-resets/([\w-]{43})", found()[-1]["text"])
    assert match is not None
    return match[1]


def test_a_forgotten_password_is_set_anew_once_and_ends_every_session(shop: Project) -> None:
    name, email = registered(shop)
    before = logged_in(shop, name)
    assert (asked(shop, name).status_code, asked(shop, name).content) == (202, b"")
    found = token(shop, email, 2)
    wait_for(lambda: "Welcome" in subjects(shop, email), 20, "a welcome")
    path, body = f"POST /password-resets/{found}", {"new_password": NEW}

    guest(shop).got(422, path, {"new_password": "short"})
    guest(shop).got(204, path, body)

    guest(shop).got(404, path, body)
    before.got(401, "GET /users/me")
    guest(shop).got(401, "POST /sessions", {"username": name, "password": PASSWORD})
    session = guest(shop).got(201, "POST /sessions", {"username": name, "password": NEW})
    assert session["user"] == {**session["user"], "email": email, "role": "customer"}
    shown = shop.run("letters", "--to", email).ok().output
    assert shown.count("Subject: A new password") == 2
    assert found in shown


def test_the_answer_is_the_same_for_whoever_there_is_not(shop: Project) -> None:
    silent, _ = registered(shop, email="")
    answers = [asked(shop, name) for name in (silent, f"nobody-{token_hex(6)}", "!", "x" * 99)]
    told = {(each.status_code, each.content) for each in answers}
    assert told == {(202, b"")}


def test_one_name_is_asked_for_ten_times_and_no_more(shop: Project) -> None:
    name = f"nobody-{token_hex(6)}"
    statuses = [asked(shop, name).status_code for _ in range(11)]
    assert statuses == [202] * 10 + [429]


def test_the_operator_makes_an_admin_and_makes_him_none(shop: Project) -> None:
    """With a random password that is printed once; no command has a default one."""
    name = f"keeper-{token_hex(4)}"
    assert "--random" in _refused(shop, name)
    said = shop.run("admin", "--name", name, "--random").ok().output
    password = said.split()[-1]
    session = guest(shop).got(201, "POST /sessions", {"username": name, "password": password})
    keeper = Client(shop, {"authorization": f"Bearer {session['token']}"}, name)

    assert session["user"]["role"] == "admin"
    keeper.got(200, "GET /admin/audit")
    assert "already" in shop.run("admin", "--name", name).ok().output
    shop.run("admin", "--name", name, "--revoke").ok()
    keeper.got(403, "GET /admin/audit")
    assert password not in shop.places.log.read_text()


def test_a_user_who_is_made_an_admin_is_one_with_his_next_request(shop: Project) -> None:
    somebody = customer(shop)
    somebody.got(403, "GET /admin/orders")
    refused = shop.run("admin", "--name", somebody.name.upper())
    assert (refused.code, "--yes" in refused.output) == (1, True)
    somebody.got(403, "GET /admin/orders")
    shop.run("admin", "--name", somebody.name.upper(), "--yes").ok()
    somebody.got(200, "GET /admin/orders")
    assert somebody.got(200, "GET /users/me")["role"] == "admin"


def _refused(shop: Project, name: str) -> str:
    ran = shop.run("admin", "--name", name)
    assert ran.code == 1
    assert table(shop, "users").get({"username": name}) is None
    return ran.output


@pytest.fixture(scope="module")
def somebody(shop: Project) -> Client:
    return customer(shop)


@pytest.mark.parametrize("operation", ADMIN, ids=lambda each: each.key)
def test_what_is_for_admins_is_refused_to_customers_before_it_is_looked_at(
    somebody: Client, operation: Documented
) -> None:
    for body in (operation.example, {"wrong": "body"}):
        path = re.sub(r"\{\w+\}", "0" * 26, operation.path)
        answer = somebody.ask(operation.method, path, json=body)
        assert answer.status_code == 403, answer.text
        operation.check(answer)


def test_no_address_token_or_name_of_anybody_is_in_the_log(shop: Project) -> None:
    name, email = registered(shop)
    asked(shop, name)
    found = token(shop, email)
    guest(shop).got(404, "POST /password-resets/" + "x" * 43, {"new_password": NEW})
    guest(shop).got(204, f"POST /password-resets/{found}", {"new_password": NEW})
    guest(shop).got(404, f"POST /password-resets/{found}", {"new_password": NEW})
    wait_for(lambda: "Welcome" in subjects(shop, email), 20, "a welcome")

    log = "\n".join(json.dumps(each, ensure_ascii=False) for each in shop.log())
    for planted in (name, email, NEW, PASSWORD, found):
        assert planted not in log
