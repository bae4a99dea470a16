"""A user who uploads, over HTTP and to the bucket's own end of the URLs."""

from typing import Any

from tests.support.memory_shop import Answer, MemoryShop


class Uploader:
    """One user with a shop; `begin` and `fetch` are his requests."""

    def __init__(self, shop: MemoryShop | None = None, username: str = "tea-house") -> None:
        self.shop = shop or MemoryShop()
        self.token = self.shop.token(username)
        self.owner = str((self.shop.user(username) or {})["user_id"])

    def begin(self, content_type: Any = "text/plain", size: Any = 3, **more: str) -> Answer:
        body = {"content_type": content_type, "size": size}
        return self.shop.call("POST /uploads", body, token=self.token, **more)  # type: ignore[arg-type]

    def put(self, begun: Answer, body: bytes) -> int:
        return self.shop.bucket.receive(begun.json["url"], begun.json["headers"], body)

    def fetch(self, key: str, **more: str) -> Answer:
        return self.shop.call(f"GET /uploads/{key}", token=self.token, **more)  # type: ignore[arg-type]

    def uploaded(self, body: bytes = b"abc", content_type: str = "text/plain") -> str:
        """The key of an upload that was PUT."""
        begun = self.begin(content_type, len(body))
        assert self.put(begun, body) == 200
        return str(begun.json["key"])

    def place(self, key: str, kind: str = "pending") -> str:
        return f"{kind}/{self.owner}/{key}"
