"""A stack's secrets in AWS Secrets Manager, for whoever writes them.

The stack declares each secret without a value; nothing here makes or removes one. There is no lock
on a cloud. Instead a value that depends on what was there is written as the one successor of that
version: AWS takes one value under one request token, so the second who rotates is refused.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from infra.aws.names import Names
from infra.errors import PlatformError
from infra.secret_store import Kept, judged, keys_of

_CONNECT_S = 5.0
_READ_S = 20.0
_ATTEMPTS = 5
_ABSENT = "ResourceNotFoundException"  # no such secret, or none of its versions has a value


def connect(region: str, profile: str | None = None) -> Any:
    """A client of Secrets Manager there, with the credentials of whoever runs the command."""
    config = import_module("botocore.config").Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    session = import_module("boto3").Session(region_name=region, profile_name=profile)
    return session.client("secretsmanager", config=config)


class SecretsManager:
    """The secrets of one stack, `shop/<stack>/<name>`; see SecretStore."""

    def __init__(self, stack: str, region: str, client: Callable[[], Any] | None = None) -> None:
        """`client` makes boto3's client when it is needed; `connect` does unless it is given."""
        self._stack = stack
        self._names = Names(stack)
        self._made = client or partial(connect, region)
        self._read: dict[str, str] = {}  # the version of each secret that was read, by its name

    @cached_property
    def _client(self) -> Any:
        return self._made()

    def exists(self, name: str) -> bool:
        """Whether the secret has a value: one that is only declared is not there yet."""
        with self._explained(name):
            return self._value(name) is not None

    def read(self, name: str) -> str:
        """The secret's text. A `write` after it refuses if somebody else wrote in between."""
        with self._explained(name):
            found = self._value(name)
        if found is None:
            raise PlatformError(
                f"{self._names.secret(name)}: it has no value yet\n"
                f"→ make secret STACK={self._stack} NAME={name} makes one"
            )
        text, problem = _text(found)
        if problem:
            raise PlatformError(f"{self._names.secret(name)}: {problem}\n→ replace it")
        self._read[name] = found["VersionId"]
        return text

    def make(self, name: str, text: str) -> bool:
        """Write a secret unless there is one; of two who do so at once, one does."""
        first = uuid5(NAMESPACE_URL, f"{self._names.secret(name)} first")
        with self._explained(name):
            return self._value(name) is None and self._put(name, text, str(first))

    def write(self, name: str, text: str) -> None:
        """Write a secret in place of what is there, which is kept as AWSPREVIOUS for a while."""
        version = self._read.pop(name, None)
        with self._explained(name):
            if version is None:
                self._put(name, text, str(uuid4()))
                return
            following = str(uuid5(NAMESPACE_URL, f"{self._names.secret(name)} after {version}"))
            if self._current(name) == version and (
                self._put(name, text, following)
                # taken long ago, and then the version before it was made the current one again
                or (self._current(name) == version and self._put(name, text, str(uuid4())))
            ):
                return
        raise PlatformError(
            f"{self._names.secret(name)}: somebody else has written it just now, so nothing was "
            "changed\n→ see when with ARGS=--list, and run the command again if it is still wanted"
        )

    def kept(self) -> list[Kept]:
        """All secrets by name, those without a value, too."""
        prefix = self._names.secret("")
        with self._explained():
            pages = self._client.get_paginator("list_secrets").paginate(
                Filters=[{"Key": "name", "Values": [prefix]}]
            )
            found = [each for page in pages for each in page["SecretList"]]
            # the filter takes capitals for small letters
            mine = {
                each["Name"].removeprefix(prefix): each["CreatedDate"]
                for each in found
                if each["Name"].startswith(prefix)
            }
            return [self._kept(name, mine[name]) for name in sorted(mine)]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold nobody off, which no cloud can; a `write` tells whether somebody came between."""
        self._read.clear()
        try:
            yield
        finally:
            self._read.clear()

    def _kept(self, name: str, declared: datetime) -> Kept:
        found = self._value(name)
        if found is None:
            return Kept(name, declared.timestamp(), 0, "it has no value yet")
        text, problem = _text(found)
        return Kept(name, found["CreatedDate"].timestamp(), keys_of(text), problem)

    def _value(self, name: str) -> Any:
        """What AWS says of the current value, or None where there is none."""
        try:
            return self._client.get_secret_value(
                SecretId=self._names.secret(name), VersionStage="AWSCURRENT"
            )
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def _current(self, name: str) -> str | None:
        found = self._value(name)
        return None if found is None else str(found["VersionId"])

    def _put(self, name: str, text: str, token: str) -> bool:
        """Whether it was written: nothing else was under this token."""
        try:
            self._client.put_secret_value(
                SecretId=self._names.secret(name), SecretString=text, ClientRequestToken=token
            )
        except self._client.exceptions.ResourceExistsException:
            return False
        return True

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        """Raise PlatformError for what boto3 raises, whose own words may hold what was sent."""
        exceptions = import_module("botocore.exceptions")
        what = self._names.secret(name) if name else f"the secrets of the stack {self._stack}"
        try:
            yield
        except exceptions.ClientError as error:
            reason = self._reason(error.response.get("Error", {}).get("Code", ""), error)
            raise PlatformError(f"{what}: {reason}") from None
        except exceptions.BotoCoreError as error:
            raise PlatformError(
                f"{what}: AWS could not be asked ({type(error).__name__})\n"
                "→ see that you are logged in to the account (AWS_PROFILE, or aws:profile in the "
                "stack's file) and that the network is there"
            ) from None

    def _reason(self, code: str, error: Any) -> str:
        if code == _ABSENT:
            return (
                f"the stack {self._stack} has no such secret, so nothing was written\n"
                f"→ grant it in infra/shop.py, run make up STACK={self._stack} first, then this"
            )
        return (
            f"AWS answered {error.operation_name} with {code or 'no reason'}\n"
            "→ see that your role may use Secrets Manager here, and that the secret is not being "
            "deleted"
        )


def _text(found: Any) -> tuple[str, str]:
    """The text of a value, without newlines at its end, and why it cannot be used, or nothing."""
    text = found.get("SecretString")
    if text is None:
        return "", "is no text"
    return judged(text)
