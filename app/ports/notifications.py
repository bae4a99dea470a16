"""What customers are told, in a letter that reaches them outside of the shop."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """A letter: `to` an address of e-mail, a subject of one line, a text.

    The same `id` may be sent again and need not arrive twice.
    """

    id: str
    to: str
    subject: str
    text: str


class Notifications(Protocol):
    """Sends letters."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over: when this returns, it is on its way.

        Raises InvalidValueError for an address or a subject that no letter can have, or that nobody
        has, UnavailableError where it may go better another time, and PortError.
        """
