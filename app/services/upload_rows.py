"""The rows of the table `uploads`, as the services on them read and write them.

owner, upload  the user's id and a ULID, the key
content_type, size  as they were declared, and from `kept` on, as they are
state       pending, kept or doomed: pending → kept, pending → doomed, and no other way
created_at  UTC epoch milliseconds
pending     a shard of "pending", by `upload`, until the sweep has cleaned the pending place; no
            more than this is indexed

The URL that was handed out outlives what it was for: something may be PUT there again after the
upload was kept or refused. So rows stay in the index, whatever became of them, until a day later,
when no URL is good any more, the sweep has emptied the place for good.
"""

from dataclasses import dataclass

from app.domain.ids import new_id
from app.domain.shards import shard
from app.domain.uploads import PENDING, kept_place, pending_place
from app.ports.tables import Condition, Key, Row

BY_PENDING = "by_pending"
STILL_PENDING = Condition("state", "=", PENDING)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as its row has it. `created_at` is in UTC epoch milliseconds."""

    owner: str
    upload: str
    content_type: str
    size: int
    state: str
    created_at: int

    @property
    def key(self) -> Key:
        """The row's key."""
        return {"owner": self.owner, "upload": self.upload}

    @property
    def pending_place(self) -> str:
        """Where the blob is PUT."""
        return pending_place(self.owner, self.upload)

    @property
    def kept_place(self) -> str:
        """Where the blob is once it was looked at."""
        return kept_place(self.owner, self.upload)


def new_upload(owner: str, content_type: str, size: int, now_ms: int) -> Upload:
    """An upload that is not there yet."""
    return Upload(owner, new_id(now_ms), content_type, size, PENDING, now_ms)


def row(upload: Upload) -> Row:
    """The row of an upload that begins."""
    return {
        **upload.key,
        "content_type": upload.content_type,
        "size": upload.size,
        "state": upload.state,
        "created_at": upload.created_at,
        "pending": shard(PENDING, upload.upload),
    }


def upload(found: Row) -> Upload:
    """What this row says."""
    return Upload(
        owner=str(found["owner"]),
        upload=str(found["upload"]),
        content_type=str(found["content_type"]),
        size=int(found["size"]),
        state=str(found["state"]),
        created_at=int(found["created_at"]),
    )
