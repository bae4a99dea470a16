"""What happened in the shop, from a queue: into the audit trail, or into a letter to a customer."""

from typing import Annotated, Any

import msgspec

from app.bootstrap import Services
from app.domain.ids import PATTERN
from app.domain.order import PATTERN as ORDER
from app.messages import Message
from app.operation import Hidden
from app.services.audit import keep
from app.services.tell_customer import UnknownEventError, tell_customer

Id = Annotated[str, msgspec.Meta(pattern=PATTERN)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Event = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Order = Annotated[str, msgspec.Meta(pattern=ORDER)]


class Audited(Hidden, tag_field="kind", tag="audit"):
    """An admin did something."""

    id: Id
    subject: Text
    what: Text
    by: Text
    at: Annotated[int, msgspec.Meta(ge=0)]
    more: dict[str, Any]


class OrderMoved(Hidden, tag_field="kind", tag="order"):
    """An order was placed, paid or refunded."""

    id: Event
    what: Event
    order: Order


def consume(message: Message, services: Services) -> None:
    """Act once on an event. Raises UnknownEventError and PortError: then the message comes again.

    What is unknown ends among the dead letters, where somebody sees it.
    """
    try:
        body = msgspec.json.decode(message.body, type=Audited | OrderMoved)
    except (msgspec.DecodeError, UnicodeError):  # from None: its text may hold what stands there
        raise UnknownEventError("the message is no event: it will end as a dead letter") from None
    if isinstance(body, Audited):
        keep(msgspec.structs.asdict(body), audits=services.table("audits"))
        return
    tell_customer(
        body.id,
        body.order,
        body.what,
        orders=services.table("orders"),
        notifications=services.table("notifications"),
        letters=services.notifications,
        clock=services.clock,
    )
