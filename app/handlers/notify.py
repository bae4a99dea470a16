"""What users are told of, from a queue: once for each event, however often its message comes."""

from typing import Annotated

import msgspec

from app.bootstrap import Services
from app.domain.ids import PATTERN
from app.messages import Message
from app.operation import Hidden
from app.services.send_reset import send_reset
from app.services.welcome import welcome

Id = Annotated[str, msgspec.Meta(pattern=PATTERN)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Welcome(Hidden, tag_field="kind", tag="welcome"):
    """A user has registered."""

    event: Id
    user_id: Id
    username: Name


class ResetAsked(Hidden, tag_field="kind", tag="reset"):
    """Somebody has forgotten his password, or says so; `username` is a name's folded form."""

    event: Id
    username: Name


class NoEventError(Exception):
    """A message that tells of nothing we know; it does not say what the message holds."""


def consume(message: Message, services: Services) -> None:
    """Send one letter. Raises NoEventError and PortError: then the message comes again."""
    try:
        body = msgspec.json.decode(message.body, type=Welcome | ResetAsked)
    except (msgspec.DecodeError, UnicodeError):  # from None: its text may hold what stands there
        raise NoEventError("the message is none of ours: it will end as a dead letter") from None
    if isinstance(body, ResetAsked):
        send_reset(
            body.event,
            body.username,
            users=services.table("users"),
            resets=services.table("resets"),
            letters=services.notifications,
            clock=services.clock,
        )
        return
    welcome(
        body.event,
        body.user_id,
        body.username,
        users=services.table("users"),
        notifications=services.table("notifications"),
        letters=services.notifications,
        clock=services.clock,
    )
