"""What sends letters, as a stack states it: `kept` writes them down, `smtp` hands them on."""

from collections.abc import Callable

from app.ports.clock import Clock
from app.ports.notifications import Notifications
from app.ports.secrets import Secrets
from app.ports.tables import Table

LETTERS = "letters"


def open_letters(
    by: str, sender: str, table: Callable[[str], Table], secrets: Secrets, clock: Clock
) -> Notifications:
    """What sends letters by "kept" or "smtp", in the name of `sender`; nothing is opened yet.

    `table` gives the tables that are granted, of which `kept` takes `letters`.
    """
    if by == "smtp":
        from app.adapters.common.smtp_letters import SmtpLetters  # noqa: PLC0415 - one is needed

        return SmtpLetters(secrets, sender, clock)
    from app.adapters.common.kept_letters import KeptLetters  # noqa: PLC0415 - the same

    return KeptLetters(table(LETTERS), clock)
