"""From a queue's batch or a schedule's event to the handler: what all clouds share.

batch → gateway → messages → the handler's `consume`, one after the other → gateway → what tells
the cloud which are to come again. A schedule calls the handler's `run`.
"""

import sys
from collections.abc import Callable, Mapping

from app.bootstrap import Services, required
from app.failures import line
from app.handler_module import defined
from app.messages import Message

EventHandler = Callable[[object, object], object]
Consume = Callable[[Message, Services], object]
Run = Callable[[Services], object]


def serve_queue(
    environment: Mapping[str, str],
    read: Callable[[object], list[Message]],
    consumed: Callable[[list[str]], object],
    call_id: Callable[[object], str],
    write: Callable[[str], object] | None = None,
) -> EventHandler:
    """The function that the cloud calls with `(event, context)` of a batch, wired once.

    Each message is tried, whatever becomes of the others; `consumed` makes the result of the ids
    that failed, and may raise. A batch that cannot be read fails as a whole. `write` takes a line
    for the log (standard error by default). Raises ConfigurationError.
    """
    name = required(environment, "SHOP_HANDLER")
    wired = Services(environment)
    consume: Consume = defined(name, "consume")

    def tell(error: Exception, **about: object) -> None:
        (write or sys.stderr.write)(line(error, function=name, **about))

    def queue(event: object, context: object) -> object:
        request_id = call_id(context)
        try:
            messages = read(event)
        except Exception as error:
            tell(error, request_id=request_id)
            raise
        failed: list[str] = []
        for message in messages:
            try:
                consume(message, wired)
            except Exception as error:  # noqa: BLE001 - the others are not to suffer for it
                tell(error, request_id=request_id, message_id=message.id, attempt=message.attempt)
                failed.append(message.id)
        return consumed(failed)

    def of(event: object, _context: object) -> tuple[str, int]:
        return name, len(read(event))

    def good(answered: object) -> bool:
        return answered == consumed([])

    return queue if wired.meter is None else wired.meter.measured("queue", queue, of, good)


def serve_schedule(
    environment: Mapping[str, str],
    read: Callable[[object], str],
    call_id: Callable[[object], str],
    write: Callable[[str], object] | None = None,
) -> EventHandler:
    """The function that the cloud calls with `(event, context)` when a schedule is due.

    What goes wrong is logged and raised on, so that the cloud tries again. Raises
    ConfigurationError.
    """
    name = required(environment, "SHOP_HANDLER")
    wired = Services(environment)
    run: Run = defined(name, "run")

    def schedule(event: object, context: object) -> None:
        about = {"function": name, "request_id": call_id(context)}
        try:
            about["schedule"] = read(event)
            run(wired)
        except Exception as error:
            (write or sys.stderr.write)(line(error, **about))
            raise

    if wired.meter is None:
        return schedule
    return wired.meter.measured(
        "schedule", schedule, lambda event, _: (read(event), 1), lambda _: True
    )
