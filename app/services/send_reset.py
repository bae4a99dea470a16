"""The letter with the token that sets a new password."""

from app.domain.ids import made_ms
from app.ports.clock import Clock
from app.ports.notifications import Letter, Notifications
from app.ports.tables import Table
from app.services.accounts import account
from app.services.reset_rows import RESET_S, new_row, new_token

_TEXT = """\
Hello {shown},

somebody, we hope you, has asked for a new password. This token sets one, once, within the hour:

{token}

Send it to POST /password-resets/{token}.
If it was not you, do nothing: your password stays as it is.
"""


def send_reset(
    event: str, username: str, *, users: Table, resets: Table, letters: Notifications, clock: Clock
) -> None:
    """Send a token to the user of this key, if there is one who has an address.

    The hour counts from when it was asked for, as `event`, a ULID, tells. When the message comes
    again, so does a letter, with another token; the first of them to be used ends the others.
    Raises PortError.
    """
    expires_at = made_ms(event) // 1000 + RESET_S
    user = users.get({"username": username})
    if user is None or expires_at * 1000 <= clock.now_ms():
        return
    who = account(user)
    if not who.email:
        return
    token = new_token()
    resets.put(new_row(token, user, expires_at))  # first: a token in a letter is a good one
    text = _TEXT.format(shown=who.shown, token=token)
    letters.send(Letter(id=event, to=who.email, subject="A new password", text=text))
