"""Webhooks of the fake provider of payments, from its queue: as those that come over HTTP."""

from typing import Annotated

import msgspec

from app.bootstrap import Services
from app.handlers.sagas import saga
from app.messages import Message
from app.operation import Hidden
from app.services.advance import advance
from app.services.receive_webhook import receive_webhook


class Sent(Hidden):
    """A webhook as it was sent: headers by their names in lower case, and the body's text."""

    headers: dict[str, Annotated[str, msgspec.Meta(max_length=4096)]]
    body: str


class NoWebhookError(Exception):
    """A message that is no webhook; it does not say what it holds."""


def consume(message: Message, services: Services) -> None:
    """Take one in. Raises NoWebhookError and PortError: then the message comes again."""
    try:
        sent = msgspec.json.decode(message.body, type=Sent)
    except (msgspec.DecodeError, UnicodeError):  # from None: its text may hold what stands there
        raise NoWebhookError("the message is no webhook: it ends as a dead letter") from None
    work = saga(services)
    receive_webhook(
        sent.headers,
        sent.body.encode(),
        payments=work.payments,
        advance=lambda order: advance(order, work),
    )
