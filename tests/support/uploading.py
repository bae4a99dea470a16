"""A shop in memory with one upload that was PUT and not asked for yet."""

from app.domain.uploads import UNFINISHED_MS, kept_place, pending_place
from app.ports.adapters import Adapters
from tests.support.memory_shop import Answer, MemoryShop

BODY = b"what was uploaded"
WRONG = b"of another size"
ASKED = {"content_type": "text/plain", "size": len(BODY)}


class Uploading(MemoryShop):
    """The user `tea-house` has begun `key` and PUT it."""

    def __init__(self) -> None:
        super().__init__()
        self.user_token = self.token()
        self.begun = self.call("POST /uploads", ASKED, token=self.user_token)
        self.key = str(self.begun.json["key"])
        self.owner = str((self.user() or {})["user_id"])
        assert self.put_again() == 200

    def put_again(self) -> int:
        """PUT the same through the URL that was handed out."""
        return self.bucket.receive(self.begun.json["url"], self.begun.json["headers"], BODY)

    def put_wrong(self, key: str | None = None) -> None:
        """Have something else in the pending place than was declared."""
        self.bucket.put(pending_place(self.owner, key or self.key), WRONG, "text/plain")

    def fetch(self, adapters: Adapters | None = None) -> Answer:
        return self.call(f"GET /uploads/{self.key}", token=self.user_token, adapters=adapters)

    def a_day_passes(self) -> None:
        """Long enough for the sweep; the user logs in again."""
        self.clock.advance(UNFINISHED_MS + 120_000)
        self.user_token = self.token()

    def kept(self) -> int:
        """How many uploads are kept whole; fails when any is half there, or not cleaned up."""
        rows = list(self.table("uploads")._rows.values())
        places = {kept_place(str(row["owner"]), str(row["upload"])) for row in rows}
        assert set(self.bucket._blobs) == places, "each row has its blob, each blob its row"
        assert {(row["state"], "pending" in row) for row in rows} <= {("kept", False)}
        return len(rows)
