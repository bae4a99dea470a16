"""What users are told of, from a queue: once for each event, however often its message comes."""

from typing import Annotated, Literal

import msgspec

from app.bootstrap import Services
from app.domain.ids import PATTERN
from app.messages import Message
from app.operation import Hidden
from app.services.welcome import welcome

Id = Annotated[str, msgspec.Meta(pattern=PATTERN)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Welcome(Hidden):
    """A user has registered."""

    event: Id
    kind: Literal["welcome"]
    user_id: Id
    username: Name


class NoEventError(Exception):
    """A message that tells of nothing we know; it does not say what the message holds."""


def consume(message: Message, services: Services) -> None:
    """Send one welcome. Raises NoEventError and PortError: then the message comes again."""
    try:
        body = msgspec.json.decode(message.body, type=Welcome)
    except (msgspec.DecodeError, UnicodeError):  # from None: its text may hold what stands there
        raise NoEventError("the message is no welcome: it will end as a dead letter") from None
    welcome(
        body.event,
        body.user_id,
        body.username,
        notifications=services.table("notifications"),
        clock=services.clock,
    )
