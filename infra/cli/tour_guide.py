"""Shows a newcomer one request after another, and stops at the first that went otherwise."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infra.cli.shop_http import Answer, Shop
from infra.errors import PlatformError

Found = TypeVar("Found")

_PATIENCE_S = 20.0
_AGAIN_S = 0.2
_WIDE = 66
_CENTS = ("EUR", "USD", "GBP", "CHF")


class UnexpectedError(PlatformError):
    """A step had another outcome than it has in a shop that works."""


@dataclass(slots=True)
class Guide:
    """Writes what is asked, how it was answered, and what that means."""

    write: Callable[[str], object] = print
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic
    step: str = field(default="", init=False)
    _steps: int = field(default=0, init=False)

    def begin(self, title: str) -> None:
        """A new step."""
        self._steps += 1
        self.step = f"{self._steps}. {title}"
        self.write(f"\n{self.step}")

    def ask(
        self,
        who: Shop,
        status: int,
        request: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One request, as `GET /cart`, shown; its answer's JSON. Raises UnexpectedError."""
        return self.answer(who, status, request, body, headers).json

    def answer(
        self,
        who: Shop,
        status: int,
        request: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The same; the whole answer."""
        method, _, path = request.partition(" ")
        found = who.ask(method, path, body, headers)
        self.write(f"   {request:<{_WIDE}} {found.status}")
        self.check(found.status == status, f"{request}: {status} was expected: {found.detail}")
        return found

    def tell(self, text: str) -> None:
        """What happened, in a short sentence."""
        self.write(f"   {text}")

    def check(self, good: bool, otherwise: str) -> None:  # noqa: FBT001 - what is checked
        """Raise UnexpectedError, with the step and what was found, unless it is as expected."""
        if not good:
            raise UnexpectedError(
                f"unexpected, in step {self.step}\n  {otherwise}\n"
                "→ make logs shows what the shop did"
            )

    def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """What `look` finds, asked for again and again. Raises UnexpectedError: it never came."""
        end = self.clock() + _PATIENCE_S
        while True:
            found = look()
            if found is not None:
                return found
            self.check(self.clock() < end, f"{what} did not come within {_PATIENCE_S:.0f} s")
            self.sleep(_AGAIN_S)


def spelt(amount: int, currency: str) -> str:
    """An amount in the currency's smallest unit, for people."""
    if currency in _CENTS:
        return f"{amount // 100}.{amount % 100:02d} {currency}"
    return f"{amount} of {currency}'s smallest unit"
