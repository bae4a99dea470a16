"""The provider of payments tells that something moved: the order is looked at, and taken on.

What a webhook says of a payment is not believed, only that there is a reason to ask the provider:
so one that comes twice, late or out of order does no harm, and its id need not be remembered.
"""

from collections.abc import Callable, Mapping

from app.domain.errors import NotFoundError
from app.domain.order import is_order_id
from app.ports.payments import Payments


def receive_webhook(
    headers: Mapping[str, str],
    body: bytes,
    *,
    payments: Payments,
    advance: Callable[[str], object],
) -> bool:
    """Have the order that it is about taken on by `advance`; whether there is one.

    Header names are in lower case, the body is what was sent, byte for byte. Raises SignatureError
    for what the provider did not sign just now, and PortError: it is to be sent again.
    """
    notice = payments.read_webhook(headers, body)
    if notice is None or not is_order_id(notice.order):
        return False
    try:
        advance(notice.order)
    except NotFoundError:  # of another shop on the same account, or of one that was reset
        return False
    return True
