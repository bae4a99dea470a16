"""Without a result, the client gets exactly what the cloud answers."""

import pytest

from infra.local.runtime.emulate import Failure, HttpAnswer
from infra.local.runtime.emulate.registry import gateway_side

CLOUDS = ("aws", "alicloud")
ID = {"aws": (b"apigw-requestid", b"an-id"), "alicloud": (b"x-fc-request-id", b"an-id")}
ERROR = (500, b'{"message":"Internal Server Error"}')
AWS = {
    Failure.NO_ROUTE: (404, b'{"message":"Not Found"}'),
    Failure.TOO_LARGE: (413, b'{"message":"Request Entity Too Large"}'),
    Failure.FULL: (503, b'{"message":"Service Unavailable"}'),
    Failure.RAISED: ERROR,
    Failure.CRASHED: ERROR,
    Failure.TIMED_OUT: ERROR,
    Failure.NOT_STARTED: ERROR,
    Failure.MALFORMED: ERROR,
}
COMMON, UNHANDLED = b"FcCommonError", b"UnhandledInvocationError"
ALICLOUD = {
    Failure.NO_ROUTE: (
        404,
        COMMON,
        b'{"errorCode":"DomainRouteNotFound","errorMessage":"no route matches"}',
    ),
    Failure.TOO_LARGE: (
        400,
        COMMON,
        b'{"errorCode":"EntityTooLarge","errorMessage":"%s"}'
        % b"payload size exceeds maximum allowed size",
    ),
    Failure.FULL: (
        429,
        COMMON,
        b'{"errorCode":"ResourceExhausted","errorMessage":"every instance is busy"}',
    ),
    Failure.RAISED: (502, UNHANDLED, b'{"errorMessage":"the function raised an exception"}'),
    Failure.CRASHED: (
        502,
        UNHANDLED,
        b'{"errorMessage":"Process exited unexpectedly before completing request"}',
    ),
    Failure.TIMED_OUT: (502, UNHANDLED, b'{"errorMessage":"Function time out"}'),
    Failure.NOT_STARTED: (502, UNHANDLED, b'{"errorMessage":"the handler could not be loaded"}'),
    Failure.MALFORMED: (
        502,
        COMMON,
        b'{"errorCode":"BadResponse","errorMessage":"the response is not valid"}',
    ),
}


@pytest.mark.parametrize("failure", Failure)
def test_aws_refuses_exactly_so(failure: Failure) -> None:
    status, body = AWS[failure]
    headers = [(b"content-type", b"application/json"), ID["aws"]]
    assert gateway_side("aws").refusal(failure, "an-id") == HttpAnswer(status, headers, body)


@pytest.mark.parametrize("failure", Failure)
def test_alicloud_refuses_exactly_so(failure: Failure) -> None:
    status, kind, body = ALICLOUD[failure]
    headers = [(b"content-type", b"application/json"), ID["alicloud"], (b"x-fc-error-type", kind)]
    assert gateway_side("alicloud").refusal(failure, "an-id") == HttpAnswer(status, headers, body)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_added_to_one_answer_is_in_no_other(cloud: str) -> None:
    side = gateway_side(cloud)
    side.refusal(Failure.FULL, "an-id").headers.append((b"connection", b"close"))
    assert (b"connection", b"close") not in side.refusal(Failure.FULL, "an-id").headers
