"""Secrets of a stack in Secrets Manager, declared as the program does: without a value."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from infra.aws.secret_store import SecretsManager
from tests.support.aws_clients import client


@dataclass(frozen=True, slots=True)
class Declared:
    """A stack, and a client for what is done behind the back of those who use it."""

    stack: str
    client: Any

    def store(self) -> SecretsManager:
        """As one command has it."""
        return SecretsManager(self.stack, self.client.meta.region_name, lambda: self.client)

    def declare(self, name: str) -> None:
        self.client.create_secret(Name=f"shop/{self.stack}/{name}")


@contextmanager
def declared(connection: Mapping[str, Any], *names: str) -> Iterator[Declared]:
    """These secrets of a stack; afterwards all of them are gone. `connection`: a client's."""
    made = Declared(f"test-{token_hex(6)}", client("secretsmanager", connection))
    for name in names:
        made.declare(name)
    try:
        yield made
    finally:
        pages = made.client.get_paginator("list_secrets").paginate(
            IncludePlannedDeletion=True,
            Filters=[{"Key": "name", "Values": [f"shop/{made.stack}/"]}],
        )
        for page in pages:
            for each in page["SecretList"]:
                if each["Name"].startswith(f"shop/{made.stack}/"):
                    made.client.delete_secret(SecretId=each["ARN"], ForceDeleteWithoutRecovery=True)
