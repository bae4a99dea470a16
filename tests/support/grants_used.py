"""Which of its grants each function uses."""

from collections.abc import Callable, Mapping
from typing import Any

from app.ports.adapters import Adapters, Stated
from app.ports.blobs import Bucket
from app.ports.queue import Queue
from app.ports.secrets import Secrets
from app.ports.tables import Table
from infra import shop as declared
from infra import shop_letters
from tests.support.faults import Faults, KilledError

Grant = tuple[str, str, str, str]
"""A function, a kind, a name, and an action."""

_READS, _WRITES = ("read",), ("write",)
_ACTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "table": dict.fromkeys(("get", "query"), _READS)
    | dict.fromkeys(("put", "update", "delete", "remove_expired"), _WRITES),
    # an address that anyone may read at takes no more than any grant
    "bucket": dict.fromkeys(("get", "peek", "head", "download_url", "public_url"), _READS)
    | dict.fromkeys(("put", "put_file", "delete", "upload_url"), _WRITES)
    | {"copy": ("read", "write")},
    "queue": {"send": ("send",)},
    "secret": {"get": _READS, "fresh": _READS},
}


def granted() -> set[Grant]:
    """All that the shop grants, with letters kept."""
    return {
        (function, kind, name, action)
        for function, may in shop_letters.granted(declared.GRANTS, "kept").items()
        for kind, name, actions in may
        for action in actions
    }


class Noting(Faults):
    """Adapters that note, for a function, what is asked of them."""

    def __init__(self, adapters: Adapters, function: str, used: set[Grant]) -> None:
        super().__init__(adapters, 0, KilledError, after=False)
        self._function = function
        self._used = used

    def table(self, name: str, stated: Stated) -> Table:
        return self._noted("table", name, self._adapters.table(name, stated))  # type: ignore[no-any-return]

    def bucket(self, name: str, stated: Stated) -> Bucket:
        return self._noted("bucket", name, self._adapters.bucket(name, stated))  # type: ignore[no-any-return]

    def queue(self, name: str, stated: Stated) -> Queue:
        return self._noted("queue", name, self._adapters.queue(name, stated))  # type: ignore[no-any-return]

    def secrets(self, stated: Mapping[str, Stated]) -> Secrets:
        return self._noted("secret", "", self._adapters.secrets(stated))  # type: ignore[no-any-return]

    def _noted(self, kind: str, name: str, store: object) -> Any:
        return _Noted(store, lambda method, given: self._note(kind, name or str(given[0]), method))

    def _note(self, kind: str, name: str, method: str) -> None:
        for action in _ACTIONS[kind][method]:
            self._used.add((self._function, kind, name, action))


class _Noted:
    def __init__(self, store: object, note: Callable[[str, tuple[Any, ...]], None]) -> None:
        self._store = store
        self._note = note

    def __getattr__(self, method: str) -> Any:
        def run(*given: Any, **named: Any) -> Any:
            self._note(method, given)
            return getattr(self._store, method)(*given, **named)

        return run
