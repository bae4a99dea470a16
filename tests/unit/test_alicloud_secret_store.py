"""A stack's secrets on Alibaba Cloud: made when first written, and not lost to another's write."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from app.adapters.alicloud.oos import Oos
from app.adapters.common.calls import Endpoint
from infra.alicloud.secret_store import SecretParameters, connect
from infra.cli.secret_change import Wanted, change
from infra.errors import PlatformError
from infra.secret_store import SecretStore
from tests.support.loopback import KEYS, REGION
from tests.support.secret_parameters import Kept, secret_parameters

PLANTED = "hunter2-hunter2-hunter2"
ROTATE = Wanted("token-key", rotate=True)


@pytest.fixture
def made() -> Iterator[Kept]:
    with secret_parameters() as found:
        yield found


class Meanwhile:
    """Asks, and lets another go first, once, before an operation or after it."""

    def __init__(
        self, made: Kept, operation: str, act: Callable[[SecretParameters], object], *, before: bool
    ) -> None:
        self._made, self._operation, self._before = made, operation, before
        self._acts = [act]

    def ask(self, action: str, asked: Mapping[str, str], *more: Sequence[float]) -> Any:
        if self._before and action == self._operation and self._acts:
            self._acts.pop()(self._made.store())
        try:
            return self._made.oos.ask(action, asked, *more)
        finally:
            if not self._before and action == self._operation and self._acts:
                self._acts.pop()(self._made.store())


def raced(
    made: Kept, operation: str, act: Callable[[SecretParameters], object], *, before: bool = False
) -> SecretParameters:
    oos: Any = Meanwhile(made, operation, act, before=before)
    return SecretParameters(made.stack, REGION, lambda: oos)


def test_a_secret_is_made_when_it_is_first_written(made: Kept) -> None:
    store: SecretStore = made.store()
    assert not store.exists("token-key")
    assert store.make("token-key", PLANTED)
    assert store.exists("token-key")
    assert store.read("token-key") == PLANTED
    assert not store.make("token-key", "another")
    assert made.values() == [PLANTED]
    store.write("storage-key", PLANTED)
    assert made.values("storage-key") == [PLANTED]


def test_what_is_written_takes_the_place_of_what_was_there(made: Kept) -> None:
    store = made.store()
    for text in ("one", "two", "two", "ü\nlines + &=?", "one"):
        store.write("token-key", text)
        assert store.read("token-key") == text
        with store.alone():
            pass  # so the next write depends on nothing that was read
    assert len(made.values()) == 5


def test_the_largest_secret_is_taken(made: Kept) -> None:
    made.store().make("token-key", "a" * 4096)
    assert made.store().read("token-key") == "a" * 4096


def test_of_two_who_make_a_secret_at_once_one_does(made: Kept) -> None:
    told: list[bool] = []
    late = raced(made, "GetSecretParameter", lambda other: told.append(other.make("k", "first")))
    assert not late.make("k", "second")
    assert told == [True]
    assert made.values("k") == ["first"]


def test_who_writes_what_another_has_made_meanwhile_replaces_it(made: Kept) -> None:
    raced(made, "GetSecretParameter", lambda other: other.make("k", "first")).write("k", "second")
    assert made.values("k") == ["first", "second"]


def test_of_two_who_rotate_at_once_one_does_and_the_other_says_so(made: Kept) -> None:
    change(made.store(), Wanted("token-key"), str)
    before = made.values()[-1]
    store = made.store()
    with store.alone():
        text = store.read("token-key")
        change(made.store(), ROTATE, str)
        with pytest.raises(PlatformError, match="just now, so nothing was changed"):
            store.write("token-key", f"lost\n{text}")
    assert made.values()[-1].endswith(f"\n{before}")
    assert "lost" not in "".join(made.values())
    change(store, ROTATE, str)
    assert len(made.values()) == 3


def test_who_comes_between_the_last_look_and_the_write_is_told_of_and_kept(made: Kept) -> None:
    made.store().make("token-key", "k" * 43)
    late = raced(
        made, "UpdateSecretParameter", lambda other: other.write("token-key", "first"), before=True
    )
    late.read("token-key")
    with pytest.raises(PlatformError, match="that is version 2, and this one, 3, is what counts"):
        late.write("token-key", "second")
    assert made.values() == ["k" * 43, "first", "second"]


def test_what_is_not_there_or_cannot_be_used_is_not_read(made: Kept) -> None:
    store = made.store()
    with pytest.raises(PlatformError, match="there is no such secret yet\n→ make secret STACK="):
        store.read("token-key")
    store.make("token-key", PLANTED)
    for text, said in ((" \n", "is empty"), (PLANTED * 200, "is over 4096 bytes")):
        made.put("token-key", text)
        with pytest.raises(PlatformError, match=said) as raised:
            store.read("token-key")
        assert PLANTED not in "".join(traceback.format_exception(raised.value))
        (kept,) = store.kept()
        assert (kept.keys, kept.problem) == (0, said)


def test_a_list_has_this_stacks_secrets_by_name_and_none_of_their_values(made: Kept) -> None:
    for name in ("b-key", "a-key", "token-key"):
        made.store().write(name, f"{PLANTED}\n\n{name}\n")
    for stack in ("my-shop-alicloud-dev", "alicloud-de"):
        SecretParameters(stack, REGION, lambda: made.oos).make("token-key", PLANTED)
    kept = made.store().kept()
    assert [(each.name, each.keys, each.problem) for each in kept] == [
        ("a-key", 2, ""),
        ("b-key", 2, ""),
        ("token-key", 2, ""),
    ]
    assert all(each.written > 1_600_000_000 for each in kept)
    assert PLANTED not in repr(kept)


@pytest.mark.parametrize("action", ["CreateSecretParameter", "UpdateSecretParameter"])
def test_no_error_tells_what_was_to_be_written(made: Kept, action: str) -> None:
    store = made.store()
    if action.startswith("Update"):
        store.make("token-key", "before")

    def refuse(_: object) -> None:
        made.server.refusing.append(("Forbidden.RAM", 403))

    nowhere = Oos(Endpoint("http://127.0.0.1:1"), lambda: KEYS)
    refused = raced(made, action, refuse, before=True)
    for each, said in (
        (refused, f"answered {action} with Forbidden.RAM"),
        (SecretParameters(made.stack, REGION, lambda: nowhere), "did not answer"),
    ):
        with pytest.raises(PlatformError, match=said) as raised:
            each.write("token-key", PLANTED)
        assert PLANTED not in "".join(traceback.format_exception(raised.value))
    assert made.server.asked.count(action) == 1, "a write is not repeated"


def test_where_no_connection_was_made_nothing_may_have_been_done() -> None:
    nowhere = Oos(Endpoint("http://127.0.0.1:1"), lambda: KEYS)
    store = SecretParameters("alicloud-dev", REGION, lambda: nowhere)
    for asked in (store.kept, partial(store.make, "token-key", PLANTED)):
        with pytest.raises(PlatformError, match="so nothing was asked") as raised:
            asked()
        assert "see that the network is there" in str(raised.value)
        assert "may have been done" not in str(raised.value)
        assert "--list" not in str(raised.value)


def test_keys_are_those_of_functions_or_of_pulumis_provider() -> None:
    own = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "i", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}
    pulumis = {
        "ALICLOUD_ACCESS_KEY": "j",
        "ALICLOUD_SECRET_KEY": "t",
        "ALICLOUD_SECURITY_TOKEN": "u",
    }
    assert connect(REGION, own)._keys() == ("i", "s", "")
    assert connect(REGION, pulumis)._keys() == ("j", "t", "u")
    assert connect(REGION, own)._endpoint.host == "oos.cn-hangzhou.aliyuncs.com"
    with pytest.raises(PlatformError, match="no keys of Alibaba Cloud are set"):
        connect(REGION, {"ALICLOUD_ACCESS_KEY": "j"})


@pytest.mark.parametrize("name", ["ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"])
def test_a_key_with_the_end_of_its_line_is_refused_and_not_told(name: str) -> None:
    """As of a file that was written on Windows."""
    keys = {"ALICLOUD_ACCESS_KEY": "id", "ALICLOUD_SECRET_KEY": "secret"}
    with pytest.raises(PlatformError, match=f"^{name} holds a line break") as raised:
        connect(REGION, {**keys, name: f"{PLANTED}\r"})
    assert PLANTED not in "".join(traceback.format_exception(raised.value))


def test_nothing_is_connected_before_a_secret_is_asked_for() -> None:
    asked: list[int] = []

    def oos() -> Oos:
        asked.append(1)
        raise AssertionError

    with SecretParameters("alicloud-dev", REGION, oos).alone():
        assert asked == []
