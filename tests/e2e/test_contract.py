"""Requests made up from the document get documented answers, whatever they hold."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
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
from tests.support.contract import DOCUMENT, Documented, asked, documented
from tests.support.project import Project, opened
from tests.support.shop_client import Client, admin, customer, logged_in, with_cart

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
SCHEMES = {"customer": "bearer", "admin": "bearer", "guest": "cart", "nobody": "bearer"}
"""What each who asks may show, in the document's words."""

ENDS_THE_SESSION = "DELETE /sessions/current"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@cache
def _schema(scheme: str) -> Any:
    """The document for those who show this; or a made-up token of the other kind would win."""
    mine = deepcopy(DOCUMENT)
    for item in mine["paths"].values():
        for stated in item.values():
            stated["security"] = [each for each in stated["security"] if scheme in each]
    return schemathesis.openapi.from_dict(mine)


def _varies(operation: Documented) -> bool:
    """Whether there is anything in its requests to make up."""
    return operation.secured or not {"parameters", "requestBody"}.isdisjoint(operation.stated)


def _askers(operation: Documented) -> tuple[str, ...]:
    """Who may ask for it, by its document; each is somebody of `people`."""
    if not operation.secured:
        return ("nobody",)
    if "403" in operation.stated["responses"]:
        return ("admin",)
    schemes = {name for each in operation.stated["security"] for name in each}
    return tuple(each for each in ("customer", "guest") if SCHEMES[each] in schemes)


# First those that need a token: wrong passwords have this address refused at the login in the end.
_FIRST = sorted(documented(), key=lambda each: (each.key != ENDS_THE_SESSION, not each.secured))
SECURED = [each for each in _FIRST if each.secured]
CONSTANT = [each for each in _FIRST if not _varies(each)]
CASES = [
    (each, asker, mode)
    for each in _FIRST
    if _varies(each)
    for asker in _askers(each)
    for mode in MODES
]
IDS = [f"{each.key}-{asker}-{mode.value}" for each, asker, mode in CASES]
# a webhook is raw bytes, of which the document says nothing; these are not signed
ALWAYS = {"POST /carts": 201, "POST /payments/webhooks": 400}

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
def people(running: Project) -> Iterator[dict[str, dict[str, str]]]:
    """Whoever asks, by what shows who it is."""
    yield {
        "customer": _shown(customer(running, "visitor")),
        "admin": _shown(admin(running, "keeper")),
        "guest": _shown(with_cart(running)),
        "nobody": {},
    }
    assert running.serves()


@pytest.fixture(scope="module")
def requests(counts: Counts) -> int:
    """How many requests one case makes, so that all together make 150, or 10,000."""
    return -(-counts(small=150, full=10_000) // len(CASES))


def _shown(who: Client) -> dict[str, str]:
    """The client's headers as the checks, which look at their letters, know them."""
    return {name.replace("authorization", "Authorization"): v for name, v in who.headers.items()}


def probe(
    running: Project,
    operation: Documented,
    asker: str,
    mode: GenerationMode,
    count: int,
    headers: Callable[[], dict[str, str]],
) -> list[int]:
    """Make up so many requests and check each answer; their statuses."""
    statuses: list[int] = []

    mine = _schema(SCHEMES[asker])[operation.path][operation.method]

    @given(case=mine.as_strategy(generation_mode=mode))
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
        case.headers = {**(case.headers or {}), **shown}  # or it is judged as sent without a token
        answer = case.call_and_validate(
            base_url=running.url, headers=shown or None, checks=checks, timeout=40
        )
        statuses.append(answer.status_code)

    one()
    return statuses


@pytest.mark.parametrize(("operation", "asker", "mode"), CASES, ids=IDS)
def test_whoever_may_ask_gets_answers_that_are_documented(
    running: Project,
    people: dict[str, dict[str, str]],
    requests: int,
    operation: Documented,
    asker: str,
    mode: GenerationMode,
) -> None:
    def headers() -> dict[str, str]:
        if operation.key == ENDS_THE_SESSION:  # or all but the first would get 401
            return _shown(logged_in(running, "visitor"))
        return people[asker]

    statuses = probe(running, operation, asker, mode, requests, headers)
    assert len(statuses) >= requests
    if operation.secured and mode is GenerationMode.POSITIVE:
        assert {401, 403}.isdisjoint(statuses)


@pytest.mark.parametrize("operation", SECURED, ids=lambda each: each.key)
def test_without_a_token_nobody_gets_further_whatever_he_sends(
    running: Project, requests: int, operation: Documented
) -> None:
    for mode in MODES:
        statuses = probe(running, operation, "nobody", mode, requests, dict)
        assert len(statuses) >= requests
        # 404 where what was made up for the path leads to no route
        assert set(statuses) <= {401, 404}


@pytest.mark.parametrize("operation", CONSTANT, ids=lambda each: each.key)
def test_what_is_always_asked_alike_is_answered_as_documented(
    running: Project, operation: Documented
) -> None:
    status = ALWAYS.get(operation.key, 200)
    assert set(probe(running, operation, "nobody", GenerationMode.POSITIVE, 1, dict)) == {status}


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
