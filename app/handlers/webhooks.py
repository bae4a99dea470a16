"""What the provider of payments tells: a signed reason to look at an order."""

from app.bootstrap import Services
from app.handlers.sagas import saga
from app.messages import Request, Response
from app.operation import Operation
from app.services.advance import advance
from app.services.receive_webhook import receive_webhook


def receive(request: Request, services: Services) -> Response:
    """Take in a webhook of the provider of payments.

    It is verified by its signature over the raw body; one of more than five minutes ago, or by
    anybody else, is refused. What it says is not believed: the provider is asked. 204 is also the
    answer where it is about nothing of this shop.
    """
    work = saga(services)
    receive_webhook(
        request.headers,
        request.body,
        payments=work.payments,
        advance=lambda order: advance(order, work),
    )
    return Response(status=204)


ROUTES = {"POST /payments/webhooks": Operation(receive, gives={204: None}, refuses=(400,))}
