"""What a schedule does every few minutes: remove what is past, and send what was left unsent."""

from app.bootstrap import Services
from app.services.drop_image import is_shown
from app.services.index_words import reindex_products
from app.services.lent_admins import take_back_late
from app.services.outbox import send_again
from app.services.sweep import sweep
from app.services.sweep_carts import sweep_carts
from app.services.sweep_uploads import sweep_uploads


def run(services: Services) -> dict[str, int]:
    """How many of each were dealt with. Raises SweepError when any part failed, after the rest."""
    return sweep(
        {
            "sessions": lambda: services.table("sessions").remove_expired(),
            "attempts": lambda: services.table("attempts").remove_expired(),
            "resets": lambda: services.table("resets").remove_expired(),
            "letters": lambda: services.table("letters").remove_expired(),
            "uploads": lambda: sweep_uploads(
                uploads=services.table("uploads"),
                bucket=services.bucket("uploads"),
                clock=services.clock,
            ),
            "pictures": lambda: sweep_uploads(
                uploads=services.table("image_uploads"),
                bucket=services.bucket("images"),
                clock=services.clock,
                wanted=lambda kept: is_shown(kept, services.table("products")),
            ),
            "carts": lambda: sweep_carts(carts=services.table("carts"), clock=services.clock),
            "reindex": lambda: reindex_products(
                products=services.table("products"),
                words=services.table("words"),
                uploads=services.table("image_uploads"),
                images=services.bucket("images"),
                clock=services.clock,
            ),
            "lent": lambda: take_back_late(users=services.table("users"), clock=services.clock),
            "outbox": lambda: send_again(
                users=services.table("users"),
                welcome=services.queue("welcome"),
                events=services.queue("events"),
                clock=services.clock,
            ),
        }
    )
