"""A stack's secrets on AWS: written where they are declared, and by nobody over another."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from app.adapters.aws import clients
from infra.aws.secret_store import SecretsManager
from infra.cli.secret_change import Wanted, change
from infra.errors import PlatformError
from infra.secret_store import SecretStore
from tests.support.moto import Moto
from tests.support.secrets_manager import Declared, declared

PLANTED = "hunter2-hunter2-hunter2"
ROTATE = Wanted("token-key", rotate=True)
UNREACHABLE = {
    "endpoint_url": "http://127.0.0.1:1",
    "region_name": "eu-central-1",
    "aws_access_key_id": "k",
    "aws_secret_access_key": "s",
}


@pytest.fixture
def made(aws: Mapping[str, Any]) -> Iterator[Declared]:
    with declared(aws, "token-key") as found:
        yield found


class Meanwhile:
    """A client that lets another go first, once, after it has been told the value."""

    def __init__(self, made: Declared, act: Callable[[SecretsManager], object]) -> None:
        self._made = made
        self._acts = [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made.client, name)

    def get_secret_value(self, **asked: Any) -> Any:
        try:
            return self._made.client.get_secret_value(**asked)
        finally:
            if self._acts:
                self._acts.pop()(self._made.store())


def raced(made: Declared, act: Callable[[SecretsManager], object]) -> SecretsManager:
    client = Meanwhile(made, act)
    return SecretsManager(made.stack, "", lambda: client)


def value(made: Declared, name: str = "token-key") -> str:
    found: str = current(made, name)["SecretString"]
    return found


def current(made: Declared, name: str = "token-key") -> Any:
    at = f"shop/{made.stack}/{name}"
    return made.client.get_secret_value(SecretId=at, VersionStage="AWSCURRENT")


def test_a_secret_is_there_once_it_has_a_value(made: Declared) -> None:
    store: SecretStore = made.store()
    assert not store.exists("token-key")
    assert not store.exists("undeclared")
    assert store.make("token-key", PLANTED)
    assert store.exists("token-key")
    assert store.read("token-key") == PLANTED
    assert not store.make("token-key", "another")
    assert value(made) == PLANTED


def test_what_is_written_takes_the_place_of_what_was_there(made: Declared) -> None:
    store = made.store()
    for text in ("one", "two", "two", "ü\nlines", "one"):
        store.write("token-key", text)
        assert store.read("token-key") == text
        with store.alone():
            pass  # so the next write depends on nothing that was read


def test_of_two_who_make_a_secret_at_once_one_does(made: Declared) -> None:
    told: list[bool] = []
    late = raced(made, lambda other: told.append(other.make("token-key", "first")))
    assert not late.make("token-key", "second")
    assert told == [True]
    assert value(made) == "first"


def test_of_two_who_rotate_at_once_one_does_and_the_other_says_so(made: Declared) -> None:
    change(made.store(), Wanted("token-key"), str)
    before = value(made)
    store = made.store()
    with store.alone():
        text = store.read("token-key")
        change(made.store(), ROTATE, str)
        with pytest.raises(PlatformError, match="somebody else has written it just now"):
            store.write("token-key", f"lost\n{text}")
    assert value(made).endswith(f"\n{before}")
    assert "lost" not in value(made)
    change(store, ROTATE, str)
    assert "lost" not in value(made)


def test_who_comes_between_the_last_look_and_the_write_is_not_overwritten(made: Declared) -> None:
    made.store().make("token-key", "k" * 43)
    seen: list[str] = []

    def rotate(other: SecretsManager) -> None:
        seen.append(other.read("token-key"))
        other.write("token-key", "first")

    late = raced(made, rotate)
    late._read["token-key"] = current(made)["VersionId"]
    with pytest.raises(PlatformError, match="nothing was changed"):
        late.write("token-key", "second")
    assert value(made) == "first"


def test_a_version_that_was_made_current_again_can_be_followed_by_another(made: Declared) -> None:
    made.store().make("token-key", "k" * 43)
    at = f"shop/{made.stack}/token-key"
    # moving the label back leaves moto with two current versions: so is what is then there made
    made.client.put_secret_value(
        SecretId=at,
        SecretString="taken back",
        ClientRequestToken=str(uuid5(NAMESPACE_URL, f"{at} after {current(made)['VersionId']}")),
        VersionStages=["AWSPREVIOUS"],
    )
    change(made.store(), ROTATE, str)
    assert value(made).endswith("\n" + "k" * 43)


@pytest.mark.parametrize("act", ["make", "write"])
def test_a_secret_that_is_not_declared_is_not_made_here(made: Declared, act: str) -> None:
    with pytest.raises(PlatformError) as raised:
        getattr(made.store(), act)("undeclared", PLANTED)
    assert f"run make up STACK={made.stack} first" in str(raised.value)
    assert [each.name for each in made.store().kept()] == ["token-key"]


def test_what_has_no_value_or_one_that_no_function_can_use_is_not_read(made: Declared) -> None:
    store = made.store()
    with pytest.raises(PlatformError, match="has no value yet\n→ make secret STACK="):
        store.read("token-key")
    for given, said in (
        ({"SecretBinary": PLANTED.encode()}, "is no text"),
        ({"SecretString": " \n"}, "is empty"),
        ({"SecretString": PLANTED * 200}, "is over 4096 bytes"),
    ):
        made.client.put_secret_value(SecretId=f"shop/{made.stack}/token-key", **given)
        with pytest.raises(PlatformError, match=said) as raised:
            store.read("token-key")
        assert PLANTED not in "".join(traceback.format_exception(raised.value))
        (kept,) = store.kept()
        assert (kept.keys, kept.problem) == (0, said)
        assert store.exists("token-key")


def test_a_list_has_this_stacks_secrets_by_name_and_none_of_their_values(made: Declared) -> None:
    for name in ("b-key", "a-key"):
        made.declare(name)
        made.store().write(name, f"{PLANTED}\n\n{name}\n")
    others = Declared(f"{made.stack}-b", made.client), Declared(made.stack.upper(), made.client)
    for each in others:
        each.declare("token-key")
    kept = made.store().kept()
    for each in others:
        made.client.delete_secret(
            SecretId=f"shop/{each.stack}/token-key", ForceDeleteWithoutRecovery=True
        )
    assert [(each.name, each.keys, each.problem) for each in kept] == [
        ("a-key", 2, ""),
        ("b-key", 2, ""),
        ("token-key", 0, "it has no value yet"),
    ]
    assert all(each.written > 1_600_000_000 for each in kept)
    assert PLANTED not in repr(kept)


def test_a_secret_that_is_being_deleted_is_told_and_left(made: Declared) -> None:
    made.store().write("token-key", PLANTED)
    made.client.delete_secret(SecretId=f"shop/{made.stack}/token-key", RecoveryWindowInDays=7)
    for call in (made.store().exists, made.store().read):
        with pytest.raises(PlatformError, match=r"InvalidRequestException\n→ .*being deleted"):
            call("token-key")


def test_no_error_tells_what_was_to_be_written(made: Declared) -> None:
    unreachable = clients.make("secretsmanager", **UNREACHABLE)
    nowhere = SecretsManager(made.stack, "", lambda: unreachable)
    # bytes are refused with words that repeat them
    for store, text in ((made.store(), PLANTED.encode()), (nowhere, PLANTED)):
        with pytest.raises(PlatformError, match="could not be asked") as raised:
            store.write("token-key", text)  # type: ignore[arg-type]
        assert PLANTED not in "".join(traceback.format_exception(raised.value))


def test_the_stacks_region_and_the_surroundings_say_where_the_secrets_are(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in moto.environment().items():
        monkeypatch.setenv(name, text)
    with declared({**moto.connection(), "region_name": "us-west-2"}, "token-key") as made:
        SecretsManager(made.stack, "us-west-2").write("token-key", PLANTED)
        assert value(made) == PLANTED
        assert SecretsManager(made.stack, "eu-central-1").kept() == []
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(PlatformError, match=r"could not be asked \(ProfileNotFound\)\n→ see that"):
        SecretsManager("aws-dev", "eu-central-1").kept()


def test_no_client_is_made_before_a_secret_is_asked_for() -> None:
    asked: list[int] = []
    store = SecretsManager("aws-dev", "eu-central-1", lambda: asked.append(1))
    with store.alone():
        assert asked == []
