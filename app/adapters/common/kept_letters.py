"""Letters that are written down and go nowhere: on this machine, `make letters` shows them.

Rows of the table `letters`, which expires: recipient (the address) and letter (the id), the key;
subject, text, sent_at (UTC epoch milliseconds), expires_at (UTC epoch seconds).
"""

from app.adapters.common.letter_checks import checked
from app.ports.clock import Clock
from app.ports.notifications import Letter
from app.ports.tables import Table

KEPT_S = 7 * 24 * 60 * 60


class KeptLetters:
    """Writes letters down, for a week; one that is sent again takes its own place."""

    def __init__(self, letters: Table, clock: Clock) -> None:
        self._letters = letters
        self._clock = clock

    def send(self, letter: Letter) -> None:
        """Write it down. Raises InvalidValueError, and PortError as tables do."""
        checked(letter)
        now_ms = self._clock.now_ms()
        self._letters.put(
            {
                "recipient": letter.to,
                "letter": letter.id,
                "subject": letter.subject,
                "text": letter.text,
                "sent_at": now_ms,
                "expires_at": now_ms // 1000 + KEPT_S,
            }
        )
