"""Requests made up from the document get documented answers, whatever they hold."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Counts
from tests.support.contract import DOCUMENT, Documented, Person, asked, documented, registered
from tests.support.project import Project, opened

# Not among them: unsupported_method wants 405, and the emulated gateways answer 404 to a method
# that a path does not have (docs/emulation.md); positive_data_acceptance, since not every rule of a
# name or a password can be said in a schema.
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {each.key: SCHEMA[each.path][each.method] for each in documented()}
ENDS_THE_SESSION = "DELETE /sessions/current"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def _varies(operation: Documented) -> bool:
    """Whether there is anything in its requests to make up."""
    return operation.secured or not {"parameters", "requestBody"}.isdisjoint(operation.stated)


# First those that need a token: wrong passwords have this address refused at the login in the end.
_FIRST = sorted(documented(), key=lambda each: (each.key != ENDS_THE_SESSION, not each.secured))
CONSTANT = [each for each in _FIRST if not _varies(each)]
CASES = [(each, mode) for each in _FIRST if _varies(each) for mode in MODES]
IDS = [f"{each.key}-{mode.value}" for each, mode in CASES]

# Or a few wrong passwords would leave nothing but 429 to look at.
PATIENT = """target: local
functions:
  auth:
    environment: {LOGIN_FAILURES_PER_ADDRESS: "999", LOGIN_FAILURES_PER_ACCOUNT: "999"}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the checkout that is up, with a login that is not easily annoyed."""
    with opened(tmp_path_factory.mktemp("contract") / "shop", whole=True) as shop:
        shop.settings(PATIENT)
        shop.up().ok()
        yield shop


@pytest.fixture(scope="module")
def person(running: Project) -> Iterator[Person]:
    """Somebody who has just been registered."""
    yield registered(running, "visitor")
    assert running.serves()


@pytest.fixture(scope="module")
def requests(counts: Counts) -> int:
    """How many requests one case makes, so that all together make 150, or 10,000."""
    return -(-counts(small=150, full=10_000) // len(CASES))


def probe(
    running: Project,
    operation: Documented,
    mode: GenerationMode,
    count: int,
    headers: Callable[[], dict[str, str] | None],
) -> list[int]:
    """Make up so many requests and check each answer; their statuses."""
    statuses: list[int] = []

    @given(case=OPERATIONS[operation.key].as_strategy(generation_mode=mode))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        shown = headers()
        checks = [*CHECKS, ignored_auth] if shown else CHECKS
        answer = case.call_and_validate(
            base_url=running.url, headers=shown, checks=checks, timeout=40
        )
        statuses.append(answer.status_code)

    one()
    return statuses


@pytest.mark.parametrize(("operation", "mode"), CASES, ids=IDS)
def test_with_a_token_every_answer_is_documented(
    running: Project, person: Person, requests: int, operation: Documented, mode: GenerationMode
) -> None:
    fresh = operation.key == ENDS_THE_SESSION  # or all but the first would get 401

    def headers() -> dict[str, str]:
        return person.again().headers if fresh else person.headers

    statuses = probe(running, operation, mode, requests, headers)
    assert len(statuses) >= requests
    if operation.secured and mode is GenerationMode.POSITIVE:
        assert 401 not in statuses


@pytest.mark.parametrize(("operation", "mode"), CASES, ids=IDS)
def test_without_a_token_every_answer_is_documented(
    running: Project, requests: int, operation: Documented, mode: GenerationMode
) -> None:
    statuses = probe(running, operation, mode, requests, lambda: None)
    assert len(statuses) >= requests
    if operation.secured:  # 404 where what was made up for the path leads to no route
        assert set(statuses) <= {401, 404}


@pytest.mark.parametrize("operation", CONSTANT, ids=lambda each: each.key)
def test_what_is_always_asked_alike_is_answered_as_documented(
    running: Project, operation: Documented
) -> None:
    assert set(probe(running, operation, GenerationMode.POSITIVE, 1, lambda: None)) == {200}


def test_the_running_shop_serves_the_very_document_that_was_tested(running: Project) -> None:
    answer = running.get("/openapi.json")
    assert answer.json() == DOCUMENT
    again = asked(
        running, "GET", "/openapi.json", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_is_served_as_it_is_kept_under_a_policy_without_scripts(running: Project) -> None:
    answer = running.get("/docs")
    assert answer.content == (running.root / "app/handlers/docs.html").read_bytes()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
