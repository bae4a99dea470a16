"""The rows of the table `users`, as the services on them read and write them.

username    the name's folded form, the key
shown       the name as it was typed
user_id     a ULID; other tables know the user by it
password    a slow salted hash
generation  how often the password was set: sessions of an earlier one are void …
kept        … but for the one under this key, in which the password was set last, or ""
role        "customer" or "admin"; rows of before there were roles have none, and are customers'
email       where letters to the user go, or ""; those rows have none of it either
created_at  UTC epoch milliseconds
event       the id of what is told of the registration, a ULID
told        a JSON list of entries of the audit trail that were not sent yet; rows of before there
            were any have none of it
outbox, outbox_at  while there is something to send: a shard, by the key, of "welcome", and `event`;
            or of "told" where no welcome is owed; another ULID where there is something in `told`.
            No more than this is indexed. Of an admin who is lent: "lent", and when he is due back
"""

from dataclasses import dataclass
from typing import Literal, cast

from app.domain.ids import first_id, new_id
from app.domain.shards import shard
from app.domain.users import Username
from app.ports.tables import Row
from app.services.row_outbox import NOTHING, TOLD

WELCOME = "welcome"
Role = Literal["customer", "admin"]
CUSTOMER: Role = "customer"
ADMIN: Role = "admin"
BY_OUTBOX = "by_outbox"
OUTBOX = ("outbox", "outbox_at")


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """Who a user is. `created_at` is in UTC epoch milliseconds."""

    key: str
    shown: str
    user_id: str
    created_at: int
    role: Role = CUSTOMER
    email: str = ""


def new_row(name: Username, password: str, email: str, now_ms: int) -> Row:
    """A user who is not there yet; `password` is its hash, `email` may be ""."""
    event = new_id(now_ms)
    return {
        "username": name.key,
        "shown": name.shown,
        "user_id": new_id(now_ms),
        "password": password,
        "generation": 1,
        "kept": "",
        "role": CUSTOMER,
        "email": email,
        "created_at": now_ms,
        "event": event,
        TOLD: NOTHING,
        "outbox": shard(WELCOME, name.key),
        "outbox_at": event,
    }


def account(row: Row) -> Account:
    """Who this row is of."""
    return Account(
        key=str(row["username"]),
        shown=str(row["shown"]),
        user_id=str(row["user_id"]),
        created_at=int(row["created_at"]),
        role=cast("Role", row.get("role", CUSTOMER)),
        email=str(row.get("email", "")),
    )


def before(moment_ms: int) -> str:
    """What `outbox_at` is at most in the rows that were written before this moment."""
    return first_id(moment_ms)
