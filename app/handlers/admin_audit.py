"""What admins did, and the operator with them: the audit trail, for admins."""

from typing import Annotated, Any

from msgspec import Meta

from app.bootstrap import Services
from app.domain.days import DAY, day_of
from app.domain.errors import InvalidError
from app.domain.ids import PATTERN
from app.handlers.auth_bodies import Moment
from app.handlers.bearer import admin
from app.handlers.pages import Cursor, Limit, limit_of
from app.messages import Request, Response
from app.operation import Hidden, Operation, answered
from app.services.audit import OPERATOR
from app.services.authenticate import Caller
from app.services.list_audit import Entry, audit_of, audit_of_day

Day = Annotated[
    str, Meta(pattern=DAY, description="A day (UTC); without it, today.", examples=["2026-11-23"])
]
Subject = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="What it is about: its kind and its id.",
        examples=["product:01KAMPVE00ZK8J4F7C2R5Q9XTB"],
    ),
]
What = Annotated[str, Meta(description="What was done.", examples=["stock adjusted"])]
More = Annotated[
    dict[str, Any], Meta(description="What else there is to know.", examples=[{"delta": 5}])
]
By = Annotated[
    str,
    Meta(
        pattern=f"{PATTERN}|^{OPERATOR}$",
        description="An admin's id, or operator: whoever runs the shop, by a command.",
        examples=["01KAMPVE00ZK8J4F7C2R5Q9XTB"],
    ),
]
EntryId = Annotated[str, Meta(pattern=PATTERN, examples=["01KAMPVE00ZK8J4F7C2R5Q9XTB"])]


class EntrySeen(Hidden):
    """What an admin did."""

    id: EntryId
    subject: Subject
    what: What
    by: By
    at: Moment
    more: More


class Audit(Hidden):
    """A page of the audit trail, the newest first."""

    entries: list[EntrySeen]
    cursor: Cursor


def list_all(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """List what admins did, the newest first.

    Of a day, or of one thing, but not of both. An entry comes over a queue: it may be missing for a
    moment, and for five minutes where it tells who became an admin, or is none any more.
    """
    day, subject = (request.query.get(name) for name in ("day", "subject"))
    limit, after = limit_of(request), request.query.get("cursor", "")
    audits = services.table("audits")
    if day is not None and subject is not None:
        raise InvalidError("a day or a subject: not both", "subject")
    if subject is not None:
        page = audit_of(subject, limit, after, audits=audits)
    else:
        asked = day_of(services.clock.now_ms()) if day is None else day
        page = audit_of_day(asked, limit, after, audits=audits)
    return answered(200, Audit(entries=[_seen(each) for each in page.items], cursor=page.after))


AUDIT = {
    "GET /admin/audit": Operation(
        list_all,
        user=admin,
        gives={200: Audit},
        refuses=(403, 422),
        parameters={"day": Day, "subject": Subject, "cursor": Cursor, "limit": Limit},
    ),
}


def _seen(entry: Entry) -> EntrySeen:
    return EntrySeen(
        id=entry.id,
        subject=entry.subject,
        what=entry.what,
        by=entry.by,
        at=entry.at,
        more=dict(entry.more),
    )
