"""A handler sees the event, the context and the variables that the cloud's runtime would give."""

import enum
import json
import math
import re
import time
from collections import namedtuple
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.emulate import Identity, Invocation
from infra.local.runtime.emulate.alicloud_worker import AlicloudWorker
from infra.local.runtime.emulate.aws_worker import AwsWorker
from infra.local.runtime.emulate.registry import worker_side

CLOUDS = ("aws", "alicloud")
IDENTITY = Identity(
    function="orders", handler="app.orders.handler", memory_mb=512, timeout_s=9, revision="r7"
)
Point = namedtuple("Point", "x y")  # noqa: PYI024 - what handlers use


class Level(enum.IntEnum):
    LOW = 1


class Colour(enum.Enum):
    RED = "red"


class Money:
    def to_json(self) -> dict[str, int]:
        return {"minor": 5}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_usual_result_is_compact_json(cloud: str) -> None:
    encoded = worker_side(cloud).encode(
        {"statusCode": 200, "headers": {"a": "b"}, "cookies": ["c=d"], "body": "处理成功"}
    )
    expected = '{"statusCode":200,"headers":{"a":"b"},"cookies":["c=d"],"body":"处理成功"}'
    assert encoded == expected.encode()


@pytest.mark.parametrize(
    ("result", "encoded"),
    [
        ("处理成功", '"处理成功"'),
        (None, "null"),
        ({"message": "hi", "n": [1, 2]}, '{"message": "hi", "n": [1, 2]}'),
        (b"bytes as they are \xff", b"bytes as they are \xff"),
        ([b"text", (1, True)], '["text", [1, true]]'),
        (2**80, str(2**80)),
        ({"statusCode": 200, "n": 2**80}, f'{{"statusCode": 200, "n": {2**80}}}'),
        ({1: 1, None: 2, 1.5: 4, b"k": 5}, '{"1": 1, "null": 2, "1.5": 4, "k": 5}'),
        ({True: 1, False: 2}, '{"true": 1, "false": 2}'),
        (Point(1, 2), '{"x": 1, "y": 2}'),
        ([Level.LOW, 1.5, 1e300], "[1, 1.5, 1e+300]"),
        ([math.nan, math.inf, -math.inf], "[NaN, Infinity, -Infinity]"),
        ([Decimal("1.10"), Decimal("NaN")], "[1.10, NaN]"),
        ('"\\\n\u2028', '"\\"\\\\\\n\u2028"'),
    ],
)
def test_lambda_encodes_as_its_runtime_does(result: Any, encoded: str | bytes) -> None:
    expected = encoded if isinstance(encoded, bytes) else encoded.encode()
    assert AwsWorker().encode(result) == expected


@pytest.mark.parametrize(
    ("result", "encoded"),
    [
        ("处理成功", "处理成功"),
        (b"\xff", b"\xff"),
        ({"b": 1, "a": Decimal("1.5")}, '{\n    "a": 1.5,\n    "b": 1\n}'),
        (datetime(2024, 1, 2, tzinfo=UTC), '"2024-01-02T00:00:00+00:00"'),
        (date(2024, 1, 2), '"2024-01-02"'),
        (Money(), '{\n    "minor": 5\n}'),
        (2**80, str(2**80)),
        ({"statusCode": 200, 1.5: 2**80}, None),
    ],
)
def test_function_compute_encodes_as_its_runtime_does(
    result: Any, encoded: str | bytes | None
) -> None:
    if encoded is None:  # keys that cannot be sorted
        with pytest.raises(TypeError):
            AlicloudWorker().encode(result)
    else:
        expected = encoded if isinstance(encoded, bytes) else encoded.encode()
        assert AlicloudWorker().encode(result) == expected


def _circle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    "result",
    [
        {1, 2},
        object(),
        UUID(int=1),
        Colour.RED,
        {(1, 2): 3},
        "\ud800",
        {"statusCode": 200, "body": "\ud800"} | {"more": {1}},
        {"statusCode": 200, "when": object()},
        {"statusCode": 200, "headers": {"x": UUID(int=1)}},
        {"statusCode": 200, "cookies": [Colour.RED]},
        _circle(),
        10**5000,
    ],
    ids=lambda found: type(found).__name__,
)
def test_what_a_runtime_cannot_encode_is_a_type_error(cloud: str, result: Any) -> None:
    with pytest.raises(TypeError):
        worker_side(cloud).encode(result)


@pytest.mark.parametrize("result", [datetime(2024, 1, 2, tzinfo=UTC), [b"\xff"], Money()])
def test_lambda_refuses_what_its_encoder_refuses(result: Any) -> None:
    with pytest.raises(TypeError):
        AwsWorker().encode(result)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(result=PLAIN | st.fixed_dictionaries({"statusCode": st.integers()}, optional={"a": PLAIN}))
def test_lambda_loses_nothing_that_json_can_say(result: Any) -> None:
    assert json.loads(AwsWorker().encode(result)) == result


def test_lambda_hands_over_the_parsed_event_and_function_compute_its_bytes() -> None:
    assert AwsWorker().decode('{"body": "处理成功"}'.encode()) == {"body": "处理成功"}
    assert AlicloudWorker().decode(b'{"body": ""}') == b'{"body": ""}'


def test_lambdas_context_says_what_lambdas_does() -> None:
    context = AwsWorker().context(IDENTITY, Invocation("an-id", time.monotonic() + 5))
    assert context.aws_request_id == "an-id"
    assert context.function_name == "orders"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == "arn:aws:lambda:us-east-1:000000000000:function:orders"
    assert context.memory_limit_in_mb == "512"
    assert context.log_group_name == "/aws/lambda/orders"
    assert context.log_stream_name == "local/[$LATEST]r7"
    assert context.identity.cognito_identity_id is None
    assert context.client_context is None
    assert 4000 < context.get_remaining_time_in_millis() <= 5000


def test_the_remaining_time_is_never_negative() -> None:
    context = AwsWorker().context(IDENTITY, Invocation("an-id", time.monotonic() - 5))
    assert context.get_remaining_time_in_millis() == 0


def test_lambdas_context_writes_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    AwsWorker().context(IDENTITY, Invocation("an-id", 0)).log("a line")
    assert capsys.readouterr().out == "a line"


def test_function_computes_context_says_what_function_computes_does() -> None:
    context = AlicloudWorker().context(IDENTITY, Invocation("an-id", 0))
    assert (context.request_id, context.account_id) == ("an-id", "0000000000000000")
    assert vars(context.function) == {
        "name": "orders",
        "handler": "app.orders.handler",
        "memory": 512,
        "timeout": 9,
        "version_id": "",
        "qualifier": "LATEST",
    }
    assert (context.region, context.log_project, context.log_store) == ("cn-hangzhou", "", "")
    assert context.logger is None
    assert context.getLogger().name == "root"
    assert not hasattr(context, "credentials")


def test_each_runtime_sets_its_own_variables_and_no_credentials() -> None:
    aws, alicloud = (worker_side(cloud).environment(IDENTITY) for cloud in CLOUDS)
    assert aws["AWS_LAMBDA_FUNCTION_NAME"] == alicloud["FC_FUNCTION_NAME"] == "orders"
    assert aws["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == alicloud["FC_FUNCTION_MEMORY_SIZE"] == "512"
    assert (aws["AWS_REGION"], alicloud["FC_REGION"]) == ("us-east-1", "cn-hangzhou")
    assert aws["_HANDLER"] == alicloud["FC_FUNCTION_HANDLER"] == "app.orders.handler"
    secret = re.compile("KEY|SECRET|TOKEN|CREDENTIAL")
    assert not [name for name in (*aws, *alicloud) if secret.search(name)]
    assert not [name for name in aws if name.startswith("FC_")]
    assert not [name for name in alicloud if name.startswith("AWS_")]
