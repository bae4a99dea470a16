"""`make admin` and `make letters` on the files of a local shop, and what they ask of a cloud."""

import json
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from app.adapters.common.kept_letters import KeptLetters
from app.adapters.common.passwords import Argon2Passwords
from app.adapters.common.tables import schema_of
from app.adapters.local.tables import LocalTable
from app.adapters.memory.clock import MemoryClock
from app.bootstrap import Services
from app.entrypoints.operator import account_of
from app.ports.notifications import Letter
from app.ports.tables import Scalar
from app.services.accounts import OUTBOX
from app.services.row_outbox import TOLD
from infra import granted, shop
from infra.cli import admin, letters
from infra.cli.operating import variables
from infra.errors import PlatformError
from infra.local.places import Places

pytestmark = pytest.mark.long  # passwords are hashed as they are in a shop

PASSWORD = "a few plain words"
NAMED = ("--name", "shopkeeper")
DECLARED = {each.name: each for each in shop.TABLES}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose tables are made, as `make up` does."""
    for name in ("users", "letters"):
        (Places(tmp_path).data / "tables" / name).mkdir(parents=True)
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for name, settings in {
        "local": "{target: local}",
        "aws-dev": "{target: aws, payments: fake}",
        "alicloud-dev": "{target: alicloud, payments: fake, alicloud: {instance: shop-dev-1}}",
        "alicloud-new": "{target: alicloud, payments: fake}",
    }.items():
        regions = "aws:region: eu-west-1, alicloud:region: cn-hangzhou, aws:profile: mine"
        text = f"config: {{{regions}, shop:settings: {settings}}}\n"
        (stacks / f"Pulumi.{name}.yaml").write_text(text)
    return tmp_path


def _table(root: Path, name: str) -> LocalTable:
    schema = schema_of(granted.keys(DECLARED[name]))
    return LocalTable(Places(root).data / "tables" / name, schema, MemoryClock(0), "normal")


def _user(root: Path) -> dict[str, object]:
    """The user, but for what the audit trail is to be told of him."""
    return {name: value for name, value in _row(root).items() if name not in (*OUTBOX, TOLD)}


def _row(root: Path) -> dict[str, Scalar]:
    table = _table(root, "users")
    try:
        return dict(table.get({"username": "shopkeeper"}) or {})
    finally:
        table.close()


@contextmanager
def _stdin(data: bytes) -> Iterator[int]:
    read, write = os.pipe()

    def feed() -> None:
        os.write(write, data)
        os.close(write)

    writer = Thread(target=feed)
    writer.start()
    try:
        yield read
    finally:
        os.close(read)
        writer.join()


def _run(root: Path, *words: str, stdin: bytes | None = None) -> int:
    if stdin is None:
        with Path(os.devnull).open("rb") as nothing:
            return admin.main([*NAMED, *words], root, nothing.fileno())
    with _stdin(stdin) as descriptor:
        return admin.main([*NAMED, *words], root, descriptor)


def _typed(*lines: str) -> Callable[[str], str]:
    left = list(lines)
    return lambda _prompt: left.pop(0)


def test_the_first_admin_has_the_password_that_standard_input_gave(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run(root, stdin=f"{PASSWORD}\n".encode()) == 0
    assert _run(root) == 0
    said = capfd.readouterr()

    assert said.out.splitlines() == [
        "shopkeeper is registered, and an admin.",
        "shopkeeper is an admin already; nothing was changed.",
    ]
    assert PASSWORD not in said.out + said.err
    user = _user(root)
    assert (user["role"], user["email"], user["generation"]) == ("admin", "", 1)
    assert Argon2Passwords().verify(str(user["password"]), PASSWORD)


def test_the_audit_trail_is_told_the_account_that_the_command_ran_as(root: Path) -> None:
    assert _run(root, stdin=f"{PASSWORD}\n".encode()) == 0
    assert _run(root, "--revoke") == 0
    account = pwd.getpwuid(os.getuid()).pw_name
    told = json.loads(str(_row(root)[TOLD]))
    assert [(each["what"], each["by"], each["more"]) for each in told] == [
        (what, "operator", {"username": "shopkeeper", "account": account})
        for what in ("made an admin", "an admin no more")
    ]
    assert account_of(2**31 - 7) == "uid 2147483641", "that nobody has"


def test_a_random_password_is_printed_once_and_is_the_one(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run(root, "--random") == 0
    password = capfd.readouterr().out.splitlines()[-1].rpartition(" ")[2]
    assert len(password) == 20
    assert Argon2Passwords().verify(str(_user(root)["password"]), password)
    assert _run(root, "--random") == 0
    assert "password" not in capfd.readouterr().out


def test_without_a_password_nobody_is_registered(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """There is no default one."""
    assert _run(root) == 1
    assert "ARGS=--random" in capfd.readouterr().err
    assert _run(root, stdin=b"short\n") == 1
    assert "8 to 128" in capfd.readouterr().err
    assert _run(root, stdin=b"\xff\xff\xff\xff\xff\xff\xff\xff\n") == 1
    assert "no UTF-8" in capfd.readouterr().err
    assert _user(root) == {}


def test_what_is_typed_twice_has_to_be_the_same(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, which does not show it."""
    ours, theirs = os.openpty()
    try:
        assert admin.main(NAMED, root, theirs, _typed(PASSWORD, "another")) == 1
        assert _user(root) == {}
        assert admin.main(NAMED, root, theirs, _typed(PASSWORD, PASSWORD)) == 0
    finally:
        os.close(ours)
        os.close(theirs)
    assert Argon2Passwords().verify(str(_user(root)["password"]), PASSWORD)
    said = capfd.readouterr()
    assert PASSWORD not in said.out + said.err


def test_an_admin_is_made_none_and_one_again(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(root, "--revoke") == 1
    assert "no user shopkeeper" in capfd.readouterr().err
    _run(root, stdin=PASSWORD.encode())
    before = _user(root)
    assert _run(root, "--revoke") == 0
    assert _user(root) == before | {"role": "customer"}
    assert _run(root, "--revoke") == 0
    assert _run(root, "--yes") == 0
    assert _user(root) == before
    assert "with the password as it is" in capfd.readouterr().out
    told = json.loads(str(_row(root)["told"]))
    assert [each["what"] for each in told] == [
        *("made an admin", "an admin no more", "made an admin")
    ], "what was done is noted, what was not is not"
    assert str(_row(root)["outbox"]).startswith("told#"), "and no welcome is owed"


@pytest.fixture
def taken(root: Path) -> dict[str, object]:
    """Somebody has registered the name before the operator thought of it."""
    _run(root, stdin=b"his own password")
    _run(root, "--revoke")
    return _user(root)


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (["--random"], None, "would not be his"),
        ([], PASSWORD.encode(), "would not be his"),
        ([], None, "ARGS=--yes"),
    ],
)
def test_a_name_that_a_customer_has_is_refused(
    root: Path,
    taken: dict[str, object],
    words: list[str],
    stdin: bytes | None,
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert _run(root, *words, stdin=stdin) == 1
    told = capfd.readouterr()
    assert said in told.err
    assert "has the name shopkeeper since 20" in told.err
    assert "password, shown" not in told.out
    assert _user(root) == taken


def test_on_a_terminal_the_operator_is_asked_whether_he_means_this_customer(
    root: Path, taken: dict[str, object]
) -> None:
    asked: list[str] = []

    def confirm(answer: str) -> Callable[[str], str]:
        def said(prompt: str) -> str:
            asked.append(prompt)
            return answer

        return said

    ours, theirs = os.openpty()
    try:
        for no in ("", "no", "y"):
            assert admin.main(NAMED, root, theirs, _typed(), confirm(no)) == 1
            assert _user(root) == taken
        assert admin.main(NAMED, root, theirs, _typed(), confirm("yes")) == 0
    finally:
        os.close(ours)
        os.close(theirs)
    assert _user(root) == taken | {"role": "admin"}
    assert all("shopkeeper since 20" in each for each in asked)


def test_nobody_is_registered_where_somebody_was_to_be_promoted(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run(root, "--yes") == 1
    assert "no user shopkeeper" in capfd.readouterr().err
    assert _user(root) == {}


def test_a_shop_that_was_never_up_has_nobody_to_be_an_admin(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (Places(root).data / "tables" / "users").rmdir()
    assert _run(root) == 1
    assert "make up" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "way_out"),
    [
        ([], "→ make admin NAME=shopkeeper\n"),
        (["--name", ""], "→ make admin NAME=shopkeeper\n"),
        (["--stack", "alicloud-dev"], "→ make admin STACK=alicloud-dev NAME=shopkeeper\n"),
    ],
)
def test_a_name_is_needed(
    root: Path, words: list[str], way_out: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert admin.main(words, root) == 1
    assert way_out in capfd.readouterr().err


def test_on_aws_the_operators_own_credentials_open_the_stacks_table_alone(root: Path) -> None:
    base = {"AWS_ACCESS_KEY_ID": "mine", "AWS_REGION": "us-east-1", "SHOP_BUCKETS": "{}"}
    found = variables(root, "aws-dev", base)
    stated = json.loads(found["SHOP_TABLES"])

    assert stated.keys() == {"users"}
    assert stated["users"]["at"] == "shop-aws-dev-users"
    assert stated["users"]["may"] == ["read", "write"]
    assert (found["SHOP_ADAPTERS"], found["AWS_REGION"], found["AWS_PROFILE"]) == (
        *("aws", "eu-west-1", "mine"),
    )
    assert found["AWS_ACCESS_KEY_ID"] == "mine"
    assert "SHOP_BUCKETS" not in found
    assert Services(found).table("users") is not None


def test_on_alibaba_cloud_the_operators_keys_sign_as_a_functions_do(root: Path) -> None:
    base = {"ALICLOUD_ACCESS_KEY": "id", "ALICLOUD_SECRET_KEY": "mine"}
    found = variables(root, "alicloud-dev", base)

    assert json.loads(found["SHOP_TABLES"])["users"]["at"] == "users"
    assert json.loads(found["SHOP_TABLESTORE"]) == {
        "endpoint": "https://shop-dev-1.cn-hangzhou.ots-internal.aliyuncs.com",
        "instance": "shop-dev-1",
    }
    assert found["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "id"
    assert found["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "mine"
    assert found["FC_REGION"] == "cn-hangzhou"
    assert Services(found).table("users") is not None
    with pytest.raises(PlatformError, match=r"alicloud\.instance"):
        variables(root, "alicloud-new", base)


def test_letters_are_shown_the_newest_last_and_steer_no_terminal(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert letters.main([], root) == 0
    assert "No letter" in capfd.readouterr().out
    clock = MemoryClock(4_000_000_000_000)
    table = _table(root, "letters")
    for number, name in enumerate(("zoe", "adam", "bea")):
        clock.advance(1000)
        kept = KeptLetters(table, clock)
        kept.send(Letter(str(number), f"{name}@house.example", "Hello", f"line\n\x1b[2J{name}"))
    table.close()

    assert letters.main([], root) == 0
    said = capfd.readouterr().out
    assert "\x1b" not in said
    assert [line for line in said.splitlines() if line.startswith("To: ")] == [
        f"To: {name}@house.example" for name in ("zoe", "adam", "bea")
    ]
    assert letters.main(["--to", "adam@house.example", "--json"], root) == 0
    (one,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (one["subject"], one["text"]) == ("Hello", "line\n\x1b[2Jadam")


@pytest.mark.parametrize(
    ("stack", "said"), [("aws-dev", "shop-aws-dev-letters"), ("alicloud-dev", "console")]
)
def test_on_a_cloud_it_says_where_letters_are(
    root: Path, stack: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert letters.main(["--stack", stack], root) == 1
    assert said in capfd.readouterr().err
