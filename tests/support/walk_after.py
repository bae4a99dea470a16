"""What comes after a sale, in functions as they are packed: letters, the clock, what was left."""

import json
import re
import time
from collections.abc import Mapping

from app.domain.ids import first_id
from app.domain.shards import shard, shards
from app.domain.uploads import UNFINISHED_MS
from app.services.upload_rows import new_upload, row
from tests.support.walk import PASSWORD, Packed
from tests.support.walk_shop import BUYER, GUEST, Sale, browse, new_guest, order_cart, order_of

UNUSED: Mapping[tuple[str, str, str], str] = {
    ("catalog", "read", "bucket images"): "it tells public addresses, which asks for nothing",
    **{
        (function, may, "table adjustments"): "somebody else's adjustment, in the way of an order"
        for function in ("orders", "webhooks", "payhooks")
        for may in ("read", "write")
    },
    **{
        ("sweep", "write", f"table {table}"): "the store removes by itself what expires"
        for table in ("sessions", "attempts", "resets", "letters")
    },
}
"""The grants of which no walk needs anything, and why; every other one is needed."""


def whole(packed: Packed, sale: Sale) -> None:
    """All of it, in order."""
    _what_is_late(packed, sale.product)
    _told(packed, sale)
    _what_was_left(packed, sale)
    _forgotten(packed)


def _what_is_late(packed: Packed, product: str) -> None:
    """An order that nobody paid in time is cancelled, a cart that nobody looks after is dropped."""
    asker = new_guest(packed, product)
    late = order_cart(packed, asker, email=GUEST).expect(201)
    packed.table("orders").update({"order": late["order"]}, set={"expires_at": 1})
    owner, due = f"order:{late['order']}", packed.table("due")
    for owed in due.query(shard("due", owner)).rows:
        if owed["owner"] == owner:
            due.put({**owed, "at": f"{1:013d}#{owner}"})
            due.delete({"shard": str(owed["shard"]), "at": str(owed["at"])})
    packed.tick("settle")
    assert order_of(packed, late, asker)["state"] == "cancelled"

    before = packed.rows("carts")
    new_guest(packed, product)
    carts = packed.table("carts")
    every = [row for each in shards("idle") for row in carts.query(each, index="by_idle").rows]
    newest = max(every, key=lambda row: int(row["created_at"]))
    carts.update({"cart": str(newest["cart"])}, set={"idle_at": "2020-01-01"})
    packed.tick("sweep")
    assert packed.rows("carts") == before


def _told(packed: Packed, sale: Sale) -> None:
    """Each event ends as one letter, or as one entry of the audit trail."""
    assert packed.deliver("events") > 0
    letters = {
        who: sorted(str(row["subject"]) for row in packed.table("letters").query(who).rows)
        for who in (BUYER, GUEST)
    }
    assert letters[BUYER] == ["Your order is paid", "Your refund", "Your refund"]
    assert letters[GUEST].count("Your order is paid") == 2
    subject = {"subject": f"product:{sale.product}"}
    for query in ({}, subject):
        audit = packed.ask("admin", "GET /admin/audit", headers=sale.keeper, query=query)
        assert audit.expect(200)["entries"]
    assert packed.ask("admin", "GET /admin/orders", headers=sale.keeper).expect(200)["orders"]


def _what_was_left(packed: Packed, sale: Sale) -> None:
    """What somebody died over: events are told again and acted on once, words and pictures seen to.

    Every row that tells something tells of the same thing here.
    """
    event = {"id": f"{sale.placed['order']}.paid", "kind": "order", "what": "paid"}
    told = json.dumps([{**event, "order": sale.placed["order"]}])
    (adjustment, *_) = packed.table("adjustments").query(sale.product).rows
    for name, key in (
        ("orders", {"order": str(sale.placed["order"])}),
        ("products", {"product": sale.product}),
        ("promotions", {"code": sale.code}),
        ("adjustments", {"product": sale.product, "adjustment": str(adjustment["adjustment"])}),
    ):
        waiting = {"outbox": shard("told", "/".join(key.values())), "outbox_at": first_id(1)}
        packed.table(name).update(key, set={"told": told, "tries": 0, **waiting})
    packed.tick("settle")
    before = packed.rows("letters")
    assert packed.deliver("events") == 4
    assert packed.rows("letters") == before

    again = {"reindex": shard("reindex", sale.product), "reindex_at": "0"}
    packed.table("products").update({"product": sale.product}, set=again)
    uploads, images = packed.table("image_uploads"), packed.bucket("images")
    began = new_upload(sale.product, "image/png", 3, int(time.time() * 1000) - 2 * UNFINISHED_MS)
    uploads.put(row(began))
    images.put(began.pending_place, b"old", "image/png")
    packed.tick("sweep")
    found = packed.table("products").get({"product": sale.product})
    assert found is not None
    assert found.get("reindex_at") != "0"
    assert (uploads.get(began.key), images.head(began.pending_place)) == (None, None)
    browse(packed, sale.product)


def _forgotten(packed: Packed) -> None:
    """A letter brings a token, and the token sets a password."""
    packed.ask("auth", "POST /password-resets", {"username": "buyer"}).expect(202)
    packed.deliver("welcome")
    letters = packed.table("letters").query(BUYER).rows
    (text,) = {str(row["text"]) for row in letters if row["subject"] == "A new password"}
    (token,) = set(re.findall(r"^[A-Za-z0-9_-]{43}$", text, re.MULTILINE))
    new = {"new_password": f"{PASSWORD} once more"}
    route = "POST /password-resets/{token}"
    packed.ask("auth", route, new, of={"token": token}).expect(204)
