"""A secret store of each kind, with a hand in it that changes what it holds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.adapters.alicloud.secrets import SecretParameters
from app.adapters.aws.secrets import AwsSecrets
from app.adapters.common.secrets import granted
from app.adapters.local.secrets import open_secrets
from app.adapters.memory.secrets import MemorySecrets
from app.ports.adapters import Stated
from app.ports.secrets import Secrets
from infra.local.places import Places
from infra.local.secret_files import SecretFiles
from tests.support.alicloud_account import Account
from tests.support.secret_parameters import accounts_parameters
from tests.support.secrets_manager import declared

KINDS = ("memory", "local", "aws", "alicloud")


@dataclass
class Counting:
    """A store that counts how often it is asked, and is down while it is told to be."""

    inner: Secrets
    asked: int = 0
    down: Exception | None = None
    before: Callable[[], object] = lambda: None

    def get(self, name: str) -> str:
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        self.asked += 1
        self.before()
        if self.down is not None:
            raise self.down
        return self.inner.fresh(name)


@dataclass
class Store:
    """Secrets as a function gets them, and what a test may do behind its back."""

    secrets: Secrets
    counting: Counting
    put: Callable[[str, str], None]
    seconds: list[float] = field(default_factory=lambda: [1_700_000_000.0])

    def wait(self, seconds: float) -> None:
        self.seconds[0] += seconds


def store(kind: str, folder: Path, *names: str) -> Store:
    """A store in which these names are granted, and `write-only` is, but not to be read."""
    if kind == "memory":
        texts: dict[str, str] = {}
        return _store(MemorySecrets(texts), texts.__setitem__, _stated("", *names))
    files = SecretFiles(Places(folder))
    stated = _stated(f"{Places(folder).secrets}/", *names)
    return _store(open_secrets(stated), files.write, stated)


@contextmanager
def aws_store(connection: Mapping[str, Any], *names: str) -> Iterator[Store]:
    """The same on AWS, where the secrets are declared and have no value yet."""
    with declared(connection, *names, "write-only") as made:
        stated = _stated(f"shop/{made.stack}/", *names)
        yield _store(AwsSecrets(stated, lambda: made.client), made.store().write, stated)


@contextmanager
def alicloud_store(account: Account, *names: str) -> Iterator[Store]:
    """The same in an account on Alibaba Cloud."""
    with accounts_parameters(account) as made:
        stated = _stated(f"shop-{made.stack}-", *names)
        yield _store(SecretParameters(stated, lambda: made.oos), made.store().write, stated)


def _stated(at: str, *names: str) -> dict[str, Stated]:
    found: dict[str, Stated] = {name: {"may": ["read"], "at": at + name} for name in names}
    return {**found, "write-only": {"may": ["write"], "at": f"{at}write-only"}}


def _store(inner: Secrets, put: Callable[[str, str], None], stated: Mapping[str, Stated]) -> Store:
    counting = Counting(inner)
    seconds = [1_700_000_000.0]
    secrets = granted(counting, stated, "auth", lambda: seconds[0])
    return Store(secrets, counting, put, seconds)
