"""What was written stays through `down`, a killed supervisor and an edit; `reset` alone ends it."""

import httpx

from tests.support import project_processes as processes
from tests.support.clients import connected
from tests.support.project import Project

WORDS = {"username": "newcomer", "password": "one long enough"}


def login(shop: Project) -> httpx.Response:
    """Log in as the one who registered."""
    with connected(shop.url) as client:
        return client.send("POST", "/sessions", json=WORDS)


def test_a_second_up_of_the_whole_shop_changes_nothing(shop: Project) -> None:
    again = shop.up().ok()
    assert (again.steps, again.drift) == ((), ())
    seen = shop.preview().ok()
    assert (seen.steps, seen.drift) == ((), ())


def test_users_blobs_and_sessions_stay_through_down_and_a_supervisors_death(shop: Project) -> None:
    with connected(shop.url) as client:
        assert client.send("POST", "/users", json=WORDS).status_code == 201
        token = client.send("POST", "/sessions", json=WORDS).json()["token"]
        bearer = {"authorization": f"Bearer {token}"}
        wanted = {"content_type": "text/plain", "size": 5}
        place = client.send("POST", "/uploads", json=wanted, headers=bearer).json()
        put = client.send("PUT", place["url"], content=b"hello", headers=place["headers"])
        assert put.status_code == 200

    shop.down().ok()
    processes.wait_for(lambda: not shop.processes(), 5, "nothing runs after a down")
    shop.up().ok()
    with connected(shop.url) as client:
        assert client.send("GET", "/users/me", headers=bearer).json()["username"] == "newcomer"
        found = client.send("GET", f"/uploads/{place['key']}", headers=bearer)
        assert found.status_code == 200

    processes.kill(shop.supervisors())
    processes.wait_for(lambda: not shop.processes(), 10, "all of it leaves with the supervisor")
    shop.up().ok()
    assert login(shop).status_code == 201
    with connected(shop.url) as client:
        url = client.send("GET", f"/uploads/{place['key']}", headers=bearer).json()["url"]
        assert client.send("GET", url).content == b"hello"


def test_a_new_index_finds_the_rows_that_were_there_before_it(shop: Project) -> None:
    file = "infra/shop.py"
    shop.edit(
        file,
        'Table(name="users", partition="username", indexes=(\n',
        'Table(name="users", partition="username", indexes=(\n'
        '        Index(name="by_role", partition="role"),\n',
    )
    steps = {step.resource: step.properties for step in shop.up().ok().steps}
    assert steps["Table table-users"] == ('indexes["by_role"]',)
    assert login(shop).status_code == 201


def test_rows_are_not_given_another_key_by_an_edit(shop: Project) -> None:
    text = (shop.root / "infra/shop.py").read_text(encoding="utf-8")
    shop.edit(
        "infra/shop.py",
        'Table(name="notifications", partition="event")',
        'Table(name="notifications", partition="user_id")',
    )
    try:
        seen = shop.preview()
        assert seen.code != 0
        assert "tables.notifications: user_id" in seen.told
        assert "its rows are kept by event" in seen.told
    finally:
        shop.write("infra/shop.py", text)


def test_reset_asks_first_and_then_leaves_an_empty_shop(shop: Project) -> None:
    asked = shop.run("reset")  # there is no terminal to ask on
    assert asked.code != 0
    assert login(shop).status_code == 201
    shop.run("reset", "--yes").ok()
    shop.up().ok()
    assert login(shop).status_code == 401
