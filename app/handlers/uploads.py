"""Files of a user's own, PUT to and fetched from addresses that last for a while."""

from typing import Annotated

from msgspec import Meta

from app.bootstrap import Services
from app.domain.ids import PATTERN
from app.domain.uploads import MOST_BYTES, Kind
from app.handlers.bearer import caller
from app.messages import Request, Response
from app.operation import Hidden, Operation, answered
from app.services.authenticate import Caller
from app.services.begin_upload import begin_upload
from app.services.fetch_upload import fetch_upload

_KEY = "01KAMPVE00ZK8J4F7C2R5Q9XTB"
Key = Annotated[str, Meta(pattern=PATTERN, description="A ULID.", examples=[_KEY])]
ContentType = Annotated[Kind, Meta(description="What kind of file it is.", examples=["image/png"])]
Size = Annotated[int, Meta(ge=1, le=MOST_BYTES, description="In bytes.", examples=[48_213])]
Url = Annotated[
    str, Meta(description="Whoever has it may use it.", examples=["https://files.example/…"])
]
Moment = Annotated[int, Meta(description="UTC epoch milliseconds.", examples=[1764000000000])]


class NewUpload(Hidden):
    """What is to be uploaded."""

    content_type: ContentType
    size: Size


class UploadPlace(Hidden):
    """Where to PUT the file, with these headers, before the URL expires."""

    key: Key
    url: Url
    headers: Annotated[dict[str, str], Meta(examples=[{"content-type": "image/png"}])]
    expires_at: Moment


class UploadedFile(Hidden):
    """What was uploaded, and where to GET it before the URL expires."""

    key: Key
    url: Url
    content_type: Annotated[str, Meta(description="As declared.", examples=["image/png"])]
    size: Size
    created_at: Moment
    expires_at: Moment


def begin(_request: Request, services: Services, *, user: Caller, body: NewUpload) -> Response:
    """Begin an upload.

    PUT the file to `url` with `headers` within fifteen minutes, then GET /uploads/{key}. 409 says
    that twenty uploads are unfinished; what is left undone for a day is dropped.
    """
    begun = begin_upload(
        user.account.user_id,
        body.content_type,
        body.size,
        uploads=services.table("uploads"),
        bucket=services.bucket("uploads"),
        clock=services.clock,
    )
    place = UploadPlace(
        key=begun.key,
        url=begun.place.url,
        headers=dict(begun.place.headers),
        expires_at=begun.expires_at,
    )
    return answered(201, place)


def fetch(request: Request, services: Services, *, user: Caller) -> Response:
    """Find my upload, with a URL to download it from.

    The first time, the file is looked at. 409 says that it has not been PUT yet, or is not of the
    size and type that were declared: then it is removed, and 404 from then on.
    """
    found = fetch_upload(
        user.account.user_id,
        request.path_parameters["key"],
        uploads=services.table("uploads"),
        bucket=services.bucket("uploads"),
        clock=services.clock,
    )
    file = UploadedFile(
        key=found.upload.upload,
        url=found.url,
        content_type=found.upload.content_type,
        size=found.upload.size,
        created_at=found.upload.created_at,
        expires_at=found.expires_at,
    )
    return answered(200, file)


ROUTES = {
    "POST /uploads": Operation(
        begin, takes=NewUpload, user=caller, gives={201: UploadPlace}, refuses=(409,)
    ),
    "GET /uploads/{key}": Operation(
        fetch, user=caller, gives={200: UploadedFile}, refuses=(404, 409), parameters={"key": Key}
    ),
}
