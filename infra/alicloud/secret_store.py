"""A stack's secrets as OOS's secret parameters, for whoever writes them.

The program declares none: a parameter cannot be without a value. So the first `make secret` makes
it, and `make down` leaves it. There is no lock on a cloud, and OOS takes no condition with a value;
but it counts versions and keeps them. A value that depends on what was there is written when it is
there still, and whoever was faster all the same is told of by the version that was taken.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from app.adapters.alicloud.acs3 import RefusedError
from app.adapters.alicloud.oos import MISSING, Oos, endpoint_of
from app.adapters.common.calls import Endpoint, SilentError
from infra.alicloud.callers import callers_keys
from infra.alicloud.names import Names
from infra.alicloud.silence import unanswered
from infra.errors import PlatformError
from infra.secret_store import Kept, judged, keys_of

_CONNECT_S = 5.0
_READ_S = 20.0
_ONCE: tuple[float, ...] = ()  # a second attempt would make a second version
_DATE = "%Y-%m-%dT%H:%M:%SZ"


def connect(region: str, environment: Mapping[str, str] = os.environ) -> Oos:
    """OOS there, with the keys of whoever runs the command. Raises PlatformError without any."""
    keys = callers_keys(environment, "no secret can be read or written")
    return Oos(Endpoint(endpoint_of(region), _CONNECT_S, _READ_S), lambda: keys)


class SecretParameters:
    """The secrets of one stack, `shop-<stack>-<name>`; see SecretStore."""

    def __init__(self, stack: str, region: str, oos: Callable[[], Oos] | None = None) -> None:
        """`oos` makes what asks for them when it is needed; `connect` does unless it is given."""
        self._stack = stack
        self._prefix = Names(stack, instance="").of("")
        self._made = oos or partial(connect, region)
        self._read: dict[str, int] = {}  # the version of each secret that was read, by its name

    @cached_property
    def _oos(self) -> Oos:
        return self._made()

    def exists(self, name: str) -> bool:
        """Whether there is such a secret."""
        with self._explained(name):
            return self._found(name) is not None

    def read(self, name: str) -> str:
        """The secret's text. A `write` after it refuses if somebody else wrote in between."""
        with self._explained(name):
            found = self._found(name)
        if found is None:
            raise PlatformError(
                f"{self._prefix}{name}: there is no such secret yet\n"
                f"→ make secret STACK={self._stack} NAME={name} makes one"
            )
        text, problem = _text(found)
        if problem:
            raise PlatformError(f"{self._prefix}{name}: {problem}\n→ replace it")
        self._read[name] = int(found["ParameterVersion"])
        return text

    def make(self, name: str, text: str) -> bool:
        """Write a secret unless there is one; of two who do so at once, one does."""
        asked = {"Name": f"{self._prefix}{name}", "Value": text, "Type": "Secret"}
        with self._explained(name):
            if self._found(name) is not None:
                return False
            try:
                self._oos.ask("CreateSecretParameter", asked, _ONCE)
            except RefusedError:
                if self._found(name) is not None:  # since a moment ago
                    return False
                raise
        return True

    def write(self, name: str, text: str) -> None:
        """Write a secret in place of what is there, which is kept as the version before it."""
        version = self._read.pop(name, None)
        with self._explained(name):
            found = self._found(name)
            if version is None:
                if found is not None or not self.make(name, text):
                    self._update(name, text)
                return
            if found is not None and int(found["ParameterVersion"]) == version:
                made = self._update(name, text)
                if made == version + 1:
                    return
                raise PlatformError(
                    f"{self._prefix}{name}: somebody else has written it at the same moment: that "
                    f"is version {made - 1}, and this one, {made}, is what counts\n"
                    "→ agree on who rotates, and run the command again if it is still wanted"
                )
        raise PlatformError(
            f"{self._prefix}{name}: somebody else has written it just now, so nothing was "
            "changed\n→ see when with ARGS=--list, and run the command again if it is still wanted"
        )

    def kept(self) -> list[Kept]:
        """All secrets by name."""
        with self._explained():
            names = sorted(
                each["Name"].removeprefix(self._prefix)
                for each in self._listed()
                if each["Name"].startswith(self._prefix)
            )
            found = [(name, self._found(name)) for name in names]
            return [_kept(name, each) for name, each in found if each is not None]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold nobody off, which no cloud can; a `write` tells whether somebody came between."""
        self._read.clear()
        try:
            yield
        finally:
            self._read.clear()

    def _listed(self) -> Iterator[Any]:
        asked = {"Name": self._prefix, "MaxResults": "50"}
        while True:
            page = self._oos.ask("ListSecretParameters", asked)
            yield from page.get("Parameters", ())
            if not page.get("NextToken"):
                return
            asked["NextToken"] = page["NextToken"]

    def _found(self, name: str) -> Any:
        """What OOS says of the current value, or None where there is none."""
        asked = {"Name": f"{self._prefix}{name}", "WithDecryption": "true"}
        try:
            return self._oos.ask("GetSecretParameter", asked)["Parameter"]
        except RefusedError as error:
            if error.code.startswith(MISSING):
                return None
            raise

    def _update(self, name: str, text: str) -> int:
        """The version that was made."""
        asked = {"Name": f"{self._prefix}{name}", "Value": text}
        found = self._oos.ask("UpdateSecretParameter", asked, _ONCE)
        return int(found["Parameter"]["ParameterVersion"])

    @contextmanager
    def _explained(self, name: str = "") -> Iterator[None]:
        """Raise PlatformError for what asking raises, without the trace of what was sent."""
        what = f"{self._prefix}{name}" if name else f"the secrets of the stack {self._stack}"
        try:
            yield
        except RefusedError as error:
            raise PlatformError(
                f"{what}: Alibaba Cloud answered {error.action} with {error.code or 'no reason'} "
                f"({error.status})\n→ see that your user or role may do oos:{error.action} here, "
                "and what it needs of KMS: GetSecretValue, CreateSecret, PutSecretValue"
            ) from None
        except SilentError as error:
            look = "; then look with ARGS=--list: what was asked may have been done"
            undone, doubt = "so nothing was asked", look if name else ""
            raise unanswered(what, error, undone=undone, doubt=doubt) from None


def _kept(name: str, found: Any) -> Kept:
    text, problem = _text(found)
    when = datetime.strptime(found["UpdatedDate"], _DATE).replace(tzinfo=UTC)
    return Kept(name, when.timestamp(), keys_of(text), problem)


def _text(found: Any) -> tuple[str, str]:
    """The text of a value, without newlines at its end, and why it cannot be used, or nothing."""
    return judged(str(found.get("Value") or ""))
