"""The audit trail: what admins did, noted in the very write that did it.

An entry waits in the row it is about (`row_outbox`), goes over the queue of events, and becomes a
row of the table `audits` once, by its id.

subject     what it is about, as "product:<id>", and with `entry`, a ULID, the key
what, by, at  what was done, the admin's user id or "operator", UTC epoch milliseconds
more        a JSON object of what else there is to know; of an operator's, the name of his `account`
            on the machine where the command ran
day         the day (UTC) of it: a shard, by the entry
"""

import json
from typing import Any

from app.domain.days import day_of
from app.domain.ids import new_id
from app.domain.shards import shard
from app.ports.errors import ConditionFailedError
from app.ports.tables import Row, Table
from app.services.row_outbox import Thing

AUDIT = "audit"
OPERATOR = "operator"
"""Who did what is done by no admin, but by a command on the shop's own tables."""
BY_DAY = "by_day"


def entry(subject: str, what: str, by: str, at: int, **more: Any) -> Thing:
    """What is to be told of what was done; `by` an admin's user id, `more` fit for JSON."""
    return {
        "id": new_id(at),
        "kind": AUDIT,
        "subject": subject,
        "what": what,
        "by": by,
        "at": at,
        "more": more,
    }


def keep(thing: Thing, *, audits: Table) -> None:
    """Write an entry down, unless it was. Raises PortError."""
    row: Row = {
        "subject": str(thing["subject"]),
        "entry": str(thing["id"]),
        "what": str(thing["what"]),
        "by": str(thing["by"]),
        "at": int(thing["at"]),
        "more": json.dumps(thing["more"], ensure_ascii=False, sort_keys=True),
        "day": shard(day_of(int(thing["at"])), str(thing["id"])),
    }
    try:
        audits.put(row, if_absent=True)
    except ConditionFailedError:
        return
