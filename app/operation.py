"""One HTTP operation: what runs, what it takes, and what it may answer.

The same object decodes the body, asks who calls, and tells the OpenAPI document of it, so that what
is documented is what is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.bootstrap import Services
from app.domain.errors import InvalidError
from app.messages import JSON, BodyError, Request, Response


class Hidden(msgspec.Struct, forbid_unknown_fields=True):
    """A body whose printed form tells nothing: it carries credentials or personal data."""

    def __repr__(self) -> str:
        """The type's name."""
        return f"<{type(self).__name__}>"


@dataclass(frozen=True, slots=True)
class Operation:
    """One route's handler with its types.

    `run(request, services)` gets `body`, an instance of `takes`, where that is given, and `user`,
    what `user(request, services)` returned, where that is. `gives` maps each status of a good
    answer to the type of its body (None: no body), of which `media_type` is the type on the wire,
    `refuses` lists those of its problems that not every operation has. `parameters` maps names of
    the path and of the query to the types of their texts, `headers` those of headers that it needs.
    Where `guests` may ask too, a cart's token is as good as a user's. The first line of `run`'s
    docstring is its summary.
    """

    run: Callable[..., Response]
    takes: type | None = None
    user: Callable[[Request, Services], Any] | None = None
    gives: Mapping[int, type | None] = field(default_factory=dict)
    refuses: tuple[int, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    guests: bool = False
    media_type: str = JSON

    def __call__(self, request: Request, services: Services) -> Response:
        """Answer one request. Raises BodyError, InvalidError and whatever the handler raises."""
        more: dict[str, Any] = {}
        if self.user is not None:  # first: nobody learns from a body's errors what he may not do
            more["user"] = self.user(request, services)
        for name, text in request.query.items():
            if name in self.parameters and name not in request.path_parameters:
                _check_parameter(name, text, self.parameters[name])
        if self.takes is not None:
            more["body"] = _decoded(request, self.takes)
        return self.run(request, services, **more)


def answered(status: int, view: msgspec.Struct) -> Response:
    """An answer for its asker alone: no cache on the way may keep it."""
    text = msgspec.json.encode(view).decode()
    return Response(status=status, headers={"cache-control": "no-store"}, body=text)


def _check_parameter(name: str, text: str, kind: Any) -> None:
    """Raises InvalidError unless a query's parameter is as documented."""
    try:
        msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidError(_detail(str(error)).removesuffix(", got `str`"), name) from None


def _decoded(request: Request, kind: type) -> Any:
    given = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given != JSON:
        raise BodyError(f"the body must be {JSON}; its content-type says otherwise")
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.ValidationError as error:
        detail, _, field_name = str(error).partition(" - at `")
        raise InvalidError(_detail(detail), field_name.rstrip("`") or "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BodyError("the body is not JSON") from None


def _detail(found: str) -> str:
    """What is wrong, without what is the client's own: it may be a password in the wrong place."""
    if found.startswith("Invalid enum value"):
        return "This is none of the values that it may have"
    if found.startswith("Object contains unknown field"):
        return "Object contains a field that is unknown here"
    return found
