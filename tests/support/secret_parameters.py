"""Secrets of a stack in what plays OOS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from app.adapters.alicloud.oos import Oos
from app.adapters.common.calls import Endpoint
from infra.alicloud.secret_store import SecretParameters
from tests.support import oos_server
from tests.support.alicloud_account import Account
from tests.support.loopback import KEYS, REGION


@dataclass(frozen=True, slots=True)
class Kept:
    """A stack, the server that has its secrets, and what asks it."""

    stack: str
    server: oos_server.Oos
    oos: Oos

    def store(self) -> SecretParameters:
        """As one command has it."""
        return SecretParameters(self.stack, REGION, lambda: self.oos)

    def values(self, name: str = "token-key") -> list[str]:
        """All versions of a secret, the current one last."""
        return self.server.parameters[f"shop-{self.stack}-{name}"].values

    def put(self, name: str, text: str) -> None:
        """Have OOS hold what no command of ours would write."""
        self.server.parameters[f"shop-{self.stack}-{name}"].values.append(text)


@dataclass(frozen=True, slots=True)
class Held:
    """A stack of an account, and what asks OOS there."""

    stack: str
    oos: Oos

    def store(self) -> SecretParameters:
        """As one command has it."""
        return SecretParameters(self.stack, "", lambda: self.oos)


@contextmanager
def accounts_parameters(account: Account) -> Iterator[Held]:
    """A stack without secrets, named by chance, in the account; afterwards it has none again."""
    endpoint = Endpoint(account.at["oos"])
    held = Held(f"test-{token_hex(4)}", Oos(endpoint, lambda: account.keys))
    try:
        yield held
    finally:
        for each in held.store().kept():
            held.oos.ask("DeleteSecretParameter", {"Name": f"shop-{held.stack}-{each.name}"})
        endpoint.close()


@contextmanager
def secret_parameters(stack: str = "alicloud-dev") -> Iterator[Kept]:
    """A stack without secrets."""
    with oos_server.oos_server() as server:
        endpoint = Endpoint(server.url)
        yield Kept(stack, server, Oos(endpoint, lambda: KEYS))
        endpoint.close()
