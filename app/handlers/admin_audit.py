"""What admins did, and the operator with them: the audit trail, for admins."""

from typing import Annotated, Any

from msgspec import Meta

from app.bootstrap import Services
from app.domain.errors import InvalidError
from app.domain.ids import PATTERN
from app.handlers.auth_bodies import Moment
from app.handlers.bearer import admin
from app.handlers.days import Day, day_wanted
from app.handlers.pages import Cursor, Limit, limit_of
from app.messages import Request, Response
from app.operation import Hidden, Operation, answered
from app.services.audit import OPERATOR
from app.services.authenticate import Caller
from app.services.list_audit import Entry, audit_of, audit_of_day

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
    subject = request.query.get("subject")
    limit, after = limit_of(request), request.query.get("cursor", "")
    audits = services.table("audits")
    if subject is None:
        page = audit_of_day(day_wanted(request, services.clock), limit, after, audits=audits)
    elif "day" in request.query:
        raise InvalidError("a day or a subject: not both", "subject")
    else:
        page = audit_of(subject, limit, after, audits=audits)
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
