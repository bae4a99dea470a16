"""Secrets Manager as a function meets it: secrets without a value, and values that are none."""

import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.adapters.aws.secrets import AwsSecrets, open_secrets
from app.ports.errors import ResourceMissingError, UnavailableError
from infra.cli.secret_values import rotated
from tests.support.secrets_manager import Declared, declared

PLANTED = "hunter2-hunter2-hunter2"


@pytest.fixture
def made(aws: Mapping[str, Any]) -> Iterator[Declared]:
    with declared(aws, "token-key") as found:
        yield found


def secrets(made: Declared, *names: str) -> AwsSecrets:
    stated = {name: {"may": ["read"], "at": f"shop/{made.stack}/{name}"} for name in names}
    return AwsSecrets(stated, lambda: made.client)


def test_a_secret_without_a_value_or_not_declared_says_what_writes_it(made: Declared) -> None:
    for name in ("token-key", "undeclared"):
        with pytest.raises(ResourceMissingError) as raised:
            secrets(made, name).get(name)
        assert f"`make secret STACK={made.stack} NAME={name}` writes it" in str(raised.value)
    made.store().make("token-key", PLANTED)
    assert secrets(made, "token-key").get("token-key") == PLANTED


def test_a_secret_that_is_being_deleted_is_missing(made: Declared) -> None:
    made.store().make("token-key", PLANTED)
    made.client.delete_secret(SecretId=f"shop/{made.stack}/token-key", RecoveryWindowInDays=7)
    with pytest.raises(ResourceMissingError, match="make secret"):
        secrets(made, "token-key").get("token-key")


@pytest.mark.parametrize(
    "value", [{"SecretBinary": PLANTED.encode()}, {"SecretString": " \n"}], ids=["bytes", "blank"]
)
def test_a_value_that_is_no_text_cannot_be_used_and_is_not_told(
    made: Declared, value: dict[str, Any]
) -> None:
    made.client.put_secret_value(SecretId=f"shop/{made.stack}/token-key", **value)
    with pytest.raises(UnavailableError, match="is empty, or no text") as raised:
        secrets(made, "token-key").get("token-key")
    assert PLANTED not in "".join(traceback.format_exception(raised.value))


def test_a_newline_at_the_end_is_no_part_of_a_secret(made: Declared) -> None:
    ring = rotated("b" * 43, "a" * 43).text
    made.store().write("token-key", f"{ring}\r\n")
    assert secrets(made, "token-key").get("token-key").splitlines() == ["a" * 43, "b" * 43]


def test_only_what_is_stated_is_asked_for_and_no_client_is_made_before() -> None:
    with pytest.raises(ResourceMissingError, match="there is no secret token-key here"):
        open_secrets({}).get("token-key")
