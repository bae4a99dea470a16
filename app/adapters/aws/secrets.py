"""Secrets in Secrets Manager, read by their names when they are asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from app.adapters.aws import clients
from app.adapters.common.secrets import usable
from app.ports.adapters import Stated
from app.ports.errors import ResourceMissingError

# not declared, or declared and without a value yet: AWS says the same of both
_MISSING = "ResourceNotFoundException"
_GOING = "InvalidRequestException"  # it was deleted and waits for its end


class AwsSecrets:
    """The secrets stated; `client` makes a Secrets Manager client when one is needed."""

    def __init__(self, stated: Mapping[str, Stated], client: Callable[[], Any]) -> None:
        """`stated` says what AWS calls (`at`) each secret, `shop/<stack>/<name>`."""
        self._places: dict[str, str] = {name: each["at"] for name, each in stated.items()}
        self._made = client

    @cached_property
    def _client(self) -> Any:
        return self._made()

    def get(self, name: str) -> str:
        """The secret's text. Raises ResourceMissingError and UnavailableError."""
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        """The secret's text, without newlines at its end.

        Raises ResourceMissingError, UnavailableError and AccessDeniedError.
        """
        at = self._places.get(name)
        if at is None:
            raise ResourceMissingError(f"there is no secret {name} here")
        with clients.translated():
            client = self._client
            try:
                found = client.get_secret_value(SecretId=at)
            except client.exceptions.ClientError as error:
                if clients.code(error) in {_MISSING, _GOING}:
                    raise ResourceMissingError(
                        f"the secret {name} ({at}) has no value yet: {_written(at, name)}"
                    ) from error
                raise
        return usable(found.get("SecretString"), f"the secret {name} ({at})", _written(at, name))


def open_secrets(stated_by_name: Mapping[str, Stated]) -> AwsSecrets:
    """The secrets stated; nothing is read, and no client made, yet."""
    return AwsSecrets(stated_by_name, lambda: clients.client("secretsmanager"))


def _written(at: str, name: str) -> str:
    stack = at.split("/")[1] if at.count("/") > 1 else "…"
    return f"`make secret STACK={stack} NAME={name}` writes it, after `make up STACK={stack}`"
