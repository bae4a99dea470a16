"""Which error becomes which answer."""

import json

import pytest

from app.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyError,
    UnauthenticatedError,
)
from app.handlers.status import respond
from app.messages import BodyError
from app.ports import errors as ports
from app.ports.errors import PortError, UnavailableError

KNOWN = [
    (BodyError("b"), 400, "Bad Request"),
    (InvalidError("i", "$.size"), 422, "Unprocessable Content"),
    (UnauthenticatedError("u"), 401, "Unauthorized"),
    (ForbiddenError("f"), 403, "Forbidden"),
    (NotFoundError("n"), 404, "Not Found"),
    (ConflictError("c"), 409, "Conflict"),
    (TooManyError("t", 7), 429, "Too Many Requests"),
]


@pytest.mark.parametrize(("error", "status", "title"), KNOWN)
def test_what_is_the_clients_to_mend_is_told_in_the_errors_own_words(
    error: Exception, status: int, title: str
) -> None:
    response = respond(error, "r-1")

    told = json.loads(response.body)
    assert (response.status, told["status"], told["title"]) == (status, status, title)
    assert (told["detail"], told["request_id"]) == (str(error), "r-1")
    assert ("errors" in told) is isinstance(error, InvalidError)


def test_every_error_of_the_domain_has_its_status() -> None:
    assert {type(error) for error, *_ in KNOWN} > set(DomainError.__subclasses__())


def test_a_wrong_value_is_named() -> None:
    told = json.loads(respond(InvalidError("too large", "$.size"), "r-1").body)

    assert told["errors"] == [{"field": "$.size", "detail": "too large"}]


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (TooManyError("t", 7), "retry-after", "7"),
        (UnavailableError("u"), "retry-after", "1"),
        (UnauthenticatedError("u"), "www-authenticate", 'Bearer realm="shop"'),
        (
            UnauthenticatedError("u", token_given=True),
            "www-authenticate",
            'Bearer realm="shop", error="invalid_token"',
        ),
    ],
)
def test_the_headers_that_belong_to_a_status(error: Exception, name: str, value: str) -> None:
    assert respond(error, "r-1").headers == {name: value}


@pytest.mark.parametrize("kind", PortError.__subclasses__())
def test_a_port_s_error_is_ours_and_its_words_are_for_the_log(kind: type[PortError]) -> None:
    response = respond(kind("the grant that is missing"), "r-1")

    expected = {ports.UnavailableError: 503, ports.SignatureError: 400}
    assert response.status == expected.get(kind, 500)
    assert "grant" not in str(response.body)
    assert kind.__name__ not in str(response.body)
