"""A secret store of each kind, with a hand in it that changes what it holds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.common.secrets import granted
from app.adapters.local.secrets import open_secrets
from app.adapters.memory.secrets import MemorySecrets
from app.ports.adapters import Stated
from app.ports.secrets import Secrets
from infra.local.places import Places
from infra.local.secret_files import SecretFiles

KINDS = ("memory", "local")


@dataclass
class Counting:
    """A store that counts how often it is asked, and is down while it is told to be."""

    inner: Secrets
    asked: int = 0
    down: Exception | None = None

    def get(self, name: str) -> str:
        return self.fresh(name)

    def fresh(self, name: str) -> str:
        self.asked += 1
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
    files = SecretFiles(Places(folder))
    stated: dict[str, Stated] = {
        name: {"may": ["read"], "at": str(Places(folder).secrets / name)} for name in names
    }
    stated["write-only"] = {"may": ["write"], "at": str(Places(folder).secrets / "write-only")}
    texts: dict[str, str] = {}
    inner: Secrets = MemorySecrets(texts) if kind == "memory" else open_secrets(stated)
    put = texts.__setitem__ if kind == "memory" else files.write
    counting = Counting(inner)
    seconds = [1_700_000_000.0]
    secrets = granted(counting, stated, "auth", lambda: seconds[0])
    return Store(secrets, counting, put, seconds)
