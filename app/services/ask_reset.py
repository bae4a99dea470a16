"""Somebody has forgotten a password: what he asks for is passed on, whoever he names.

The users are not looked at here, so neither the answer nor the time that it takes tells which names
there are. The consumer of the queue looks, and sends the letter.
"""

import json

from app.domain.errors import InvalidError, TooManyError
from app.domain.ids import new_id
from app.domain.users import folded
from app.domain.users import username as name_of
from app.ports.clock import Clock
from app.ports.queue import Queue
from app.services.reset_rows import RESET
from app.services.throttle import Throttle


def ask_reset(
    username: str, address: str, *, notify: Queue, throttle: Throttle, clock: Clock
) -> None:
    """Have a letter sent to the user of this name; `address` is where the request came from.

    Each counts as a failed login from that address, and by its name apart from logins: who is
    locked out of those may ask. Raises TooManyError and PortError.
    """
    try:
        throttle.begin(f"{RESET}:{folded(username)}", address)  # no name has a colon
    except TooManyError as error:
        raise TooManyError("too many of these: try again later", error.retry_after_s) from None
    try:
        name = name_of(username)
    except InvalidError:
        return  # nobody is called so
    event = {"kind": RESET, "event": new_id(clock.now_ms()), "username": name.key}
    notify.send(json.dumps(event, ensure_ascii=False))
