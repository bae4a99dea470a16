"""The provider of payments that a stack states."""

from collections.abc import Callable

from app.ports.clock import Clock
from app.ports.payments import Payments
from app.ports.secrets import Secrets
from app.ports.tables import Table


def open_payments(
    kind: str, table: Callable[[str], Table], secrets: Secrets, clock: Clock
) -> Payments:
    """The provider of this kind, "fake" or "stripe"; nothing is asked of it yet.

    `table` gives the tables that are granted, of which the fake takes `fake_payments`.
    """
    if kind == "stripe":
        from app.adapters.stripe.payments import open_stripe  # noqa: PLC0415 - a function needs one

        return open_stripe(secrets, clock)
    from app.adapters.fake.payments import FakePayments  # noqa: PLC0415 - the same

    return FakePayments(table("fake_payments"), secrets, clock)
