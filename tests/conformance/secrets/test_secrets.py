"""What every secret store does, as a function sees it."""

import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ports.errors import AccessDeniedError, ResourceMissingError, UnavailableError
from tests.conformance.secrets.stores import KINDS, Store, alicloud_store, aws_store
from tests.conformance.secrets.stores import store as store_of

PLANTED = "hunter2-hunter2-hunter2"


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    names = ("token-key", "other-key")
    if request.param == "aws":
        with aws_store(request.getfixturevalue("aws"), *names) as made:
            made.put("token-key", PLANTED)
            yield made
        return
    if request.param == "alicloud":
        with alicloud_store(request.getfixturevalue("alicloud"), *names) as made:
            made.put("token-key", PLANTED)
            yield made
        return
    made = store_of(request.param, tmp_path, *names)
    made.put("token-key", PLANTED)
    yield made


def test_a_secret_is_read_as_it_was_written(store: Store) -> None:
    assert store.secrets.get("token-key") == PLANTED
    assert store.secrets.fresh("token-key") == PLANTED


@pytest.mark.parametrize("text", ["one\ntwo", "grün ✓", " spaces ", "a" * 4096])
def test_a_secret_is_any_text_of_several_lines_too(store: Store, text: str) -> None:
    store.put("other-key", text)
    assert store.secrets.get("other-key") == text


@pytest.mark.parametrize("name", ["storage-key", "token_key", "", "../token-key", "write-only"])
def test_what_is_not_granted_is_refused_by_its_name_before_the_store_is_asked(
    store: Store, name: str
) -> None:
    for ask in (store.secrets.get, store.secrets.fresh):
        with pytest.raises(AccessDeniedError) as raised:
            ask(name)
        assert str(raised.value) == (
            f"the function auth has no grant to read the secret {name}: add one in infra/shop.py"
        )
    assert store.counting.asked == 0


def test_a_secret_is_asked_for_once_in_five_minutes(store: Store) -> None:
    store.secrets.get("token-key")
    store.put("token-key", "new")
    store.wait(299)
    assert store.secrets.get("token-key") == PLANTED
    assert store.counting.asked == 1
    store.wait(1)
    assert store.secrets.get("token-key") == "new"
    assert store.counting.asked == 2


def test_fresh_sees_a_change_at_once_and_get_sees_it_from_then_on(store: Store) -> None:
    store.secrets.get("token-key")
    store.put("token-key", "new")
    assert store.secrets.fresh("token-key") == "new"
    assert store.secrets.get("token-key") == "new"


def test_a_flood_of_fresh_asks_the_store_once_in_five_seconds_for_each_name(store: Store) -> None:
    store.put("other-key", "other")
    for _ in range(1000):
        store.secrets.fresh("token-key")
        store.secrets.fresh("other-key")
    assert store.counting.asked == 2
    store.put("token-key", "new")
    store.wait(4.9)
    assert store.secrets.fresh("token-key") == PLANTED
    store.wait(0.1)
    assert store.secrets.fresh("token-key") == "new"


def test_a_flood_does_not_reach_a_store_that_is_down_while_something_is_kept(store: Store) -> None:
    store.secrets.get("token-key")
    store.counting.down = UnavailableError("down")
    with pytest.raises(UnavailableError):
        store.secrets.fresh("token-key")
    for _ in range(100):
        assert store.secrets.fresh("token-key") == PLANTED
    assert store.counting.asked == 2


def test_what_is_older_than_five_minutes_is_not_used_even_when_the_store_is_down(
    store: Store,
) -> None:
    store.secrets.get("token-key")
    store.wait(300)
    store.counting.down = UnavailableError("down")
    for ask in (store.secrets.get, store.secrets.fresh, store.secrets.get):
        with pytest.raises(UnavailableError):
            ask("token-key")
    store.counting.down = None
    store.wait(1)
    assert store.secrets.get("token-key") == PLANTED


def test_a_flood_asks_a_store_that_fails_once_a_second_even_when_nothing_is_kept(
    store: Store,
) -> None:
    store.put("other-key", "other")
    for asked, down in enumerate((UnavailableError("down"), ResourceMissingError("gone")), 1):
        store.counting.down = down
        for _ in range(100):
            for ask in (store.secrets.get, store.secrets.fresh):
                with pytest.raises(type(down), match=str(down)):
                    ask("token-key")
        assert store.counting.asked == asked
        store.wait(0.999)
        with pytest.raises(type(down)):
            store.secrets.fresh("token-key")
        assert store.counting.asked == asked
        store.wait(0.001)
    store.counting.down = None
    assert store.secrets.fresh("token-key") == PLANTED
    assert store.secrets.get("other-key") == "other", "one secret's failure is not another's"


def test_of_many_who_wait_for_a_store_that_hangs_one_alone_has_asked(store: Store) -> None:
    store.counting.down = UnavailableError("down")
    store.counting.before = lambda: store.wait(5)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            store.secrets.get("token-key")
        except UnavailableError as error:
            failed.append(error)

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert [str(each) for each in failed] == ["down"] * 8
    assert store.counting.asked == 1


def test_a_clock_that_is_set_back_does_not_make_a_failure_last(store: Store) -> None:
    store.counting.down = UnavailableError("down")
    with pytest.raises(UnavailableError):
        store.secrets.get("token-key")
    store.counting.down = None
    store.wait(-3600)
    assert store.secrets.get("token-key") == PLANTED


def test_a_clock_that_is_set_back_makes_nothing_last_longer(store: Store) -> None:
    store.secrets.fresh("token-key")
    store.put("token-key", "new")
    store.wait(-3600)
    assert store.secrets.get("token-key") == "new"


def test_no_secret_shows_where_the_store_or_its_errors_are_printed(store: Store) -> None:
    store.secrets.get("token-key")
    shown = [repr(store.secrets), repr(vars(store.secrets)["_kept"]), repr(store.counting.inner)]
    store.counting.down = UnavailableError("down")
    try:
        store.secrets.fresh("token-key")
    except UnavailableError as error:
        shown += traceback.format_exception(error)
    assert len(shown) > 3
    assert PLANTED not in "".join(shown)
