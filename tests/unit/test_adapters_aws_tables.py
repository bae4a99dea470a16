"""The table on DynamoDB where AWS answers otherwise than well: what is sent again, and what is not.

A server says what a test tells it to, so that each error comes when it should.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.adapters.aws import clients
from app.adapters.aws.tables import DynamoTable
from app.ports.errors import (
    AccessDeniedError,
    ConditionFailedError,
    InvalidValueError,
    PortError,
    ResourceMissingError,
    UnavailableError,
)
from app.ports.tables import Condition, Scalar, Table
from tests.support.tables_stores import NOTES
from tests.support.wire_http import free_port

KEY = {"owner": "ann", "note": "one"}
DONE: tuple[int, dict[str, Any]] = (200, {})
LOST = None  # the connection is closed without an answer
BROKEN = (500, {"__type": "InternalServerError", "message": "secret words"})
THROTTLED = (400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"})
WRITES: dict[str, Callable[[Table], None]] = {
    "put": lambda table: table.put(KEY),
    "put if absent": lambda table: table.put(KEY, if_absent=True),
    "update": lambda table: table.update(KEY, add={"count": 1}),
    "delete": lambda table: table.delete(KEY),
    "delete when": lambda table: table.delete(KEY, when=[Condition("a", "=", 1)]),
}
READS: dict[str, Callable[[Table], object]] = {
    "get": lambda table: table.get(KEY),
    "query": lambda table: table.query("ann"),
}


class Said:
    """Answers by the list, the last one for ever; `asked` are the calls' arguments."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any]] | None] = [DONE]
        self.asked: list[dict[str, Any]] = []

    def next(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def said() -> Said:
    return Said()


def connected(port: int) -> Any:
    return clients.make(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def table(said: Said) -> Iterator[Table]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found = said.next(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            if found is None:
                return
            body = json.dumps(found[1]).encode()
            self.send_response(found[0])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        client = connected(server.server_port)
        yield DynamoTable("notes", NOTES, lambda: client, (0, 0))
        client.close()
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("answer", [LOST, BROKEN], ids=["lost", "broken"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_may_have_been_done_is_not_sent_again(
    table: Table, said: Said, write: str, answer: tuple[int, dict[str, Any]] | None
) -> None:
    """A second one would fail by its condition, or add twice, though the first went well."""
    said.answers = [answer, DONE]
    with pytest.raises(UnavailableError):
        WRITES[write](table)
    assert len(said.asked) == 1


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_was_surely_not_done_is_sent_three_times_at_most(
    table: Table, said: Said, write: str
) -> None:
    said.answers = [THROTTLED, THROTTLED, DONE]
    WRITES[write](table)
    assert len(said.asked) == 3
    said.answers = [THROTTLED]
    with pytest.raises(UnavailableError, match="ThrottlingException"):
        WRITES[write](table)
    assert len(said.asked) == 6
    assert all(each == said.asked[0] for each in said.asked)


@pytest.mark.parametrize("read", READS)
def test_a_read_is_sent_three_times_at_most(table: Table, said: Said, read: str) -> None:
    nothing: tuple[int, dict[str, Any]] = (200, {"Items": []} if read == "query" else {})
    said.answers = [LOST, BROKEN, nothing]
    READS[read](table)
    assert len(said.asked) == 3
    said.answers = [BROKEN]
    with pytest.raises(UnavailableError):
        READS[read](table)
    assert len(said.asked) == 6


def test_no_one_there_is_an_unavailable_store() -> None:
    client = connected(free_port())
    table = DynamoTable("notes", NOTES, lambda: client, (0, 0))
    for act in (*READS.values(), *WRITES.values()):
        with pytest.raises(UnavailableError, match="EndpointConnectionError"):
            act(table)
    client.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", AccessDeniedError),
        ("ResourceNotFoundException", ResourceMissingError),
        ("ExpiredTokenException", UnavailableError),
        ("ValidationException", PortError),
        ("UnrecognizedClientException", PortError),
    ],
)
def test_what_aws_refuses_is_a_port_error_that_holds_none_of_its_words(
    table: Table, said: Said, code: str, error: type[PortError]
) -> None:
    said.answers = [(400, {"__type": code, "message": "of ann's secret"})]
    for act in (*READS.values(), *WRITES.values()):
        with pytest.raises(error, match=code) as raised:
            act(table)
        assert type(raised.value) is error
        assert "ann" not in str(raised.value)


def test_a_row_that_is_too_large_is_not_valid(table: Table, said: Said) -> None:
    message = "Item size to update has exceeded the maximum allowed size"
    said.answers = [(400, {"__type": "ValidationException", "message": message})]
    with pytest.raises(InvalidValueError, match="400 KB"):
        table.update(KEY, set={"a": "b"})


def test_a_failed_condition_says_which_by_the_row_in_the_same_answer(
    table: Table, said: Said
) -> None:
    code = "ConditionalCheckFailedException"
    item = {column: {"S": value} for column, value in KEY.items()} | {"left": {"N": "2"}}
    said.answers = [(400, {"__type": code, "Item": item})]
    enough = [Condition("left", ">=", 3)]
    with pytest.raises(ConditionFailedError, match="left"):
        table.update(KEY, add={"left": -3}, when=enough)
    with pytest.raises(ConditionFailedError, match="left"):
        table.delete(KEY, when=enough)
    with pytest.raises(InvalidValueError, match="left"):
        table.update(KEY, add={"left": 2**63 - 1})
    said.answers = [(400, {"__type": code})]
    with pytest.raises(ConditionFailedError, match="no such row"):
        table.update(KEY, set={"a": 1})
    assert len(said.asked) == 4


def test_a_page_goes_on_through_dynamodbs_own_pages(table: Table, said: Said) -> None:
    """Those end after a megabyte, and some hold no row at all."""

    def items(*notes: str) -> list[dict[str, Any]]:
        return [{"owner": {"S": "ann"}, "note": {"S": note}} for note in notes]

    (last,) = items("b")
    said.answers = [
        (200, {"Items": items("a", "b"), "LastEvaluatedKey": last}),
        (200, {"Items": [], "LastEvaluatedKey": last}),
        (200, {"Items": items("c", "d"), "LastEvaluatedKey": last}),
    ]
    page = table.query("ann", limit=3)
    assert [row["note"] for row in page.rows] == ["a", "b", "c"]
    assert [each["Limit"] for each in said.asked] == [4, 2, 2]
    assert [each.get("ExclusiveStartKey") for each in said.asked] == [None, last, last]
    said.answers = [(200, {"Items": []})]
    assert table.query("ann", limit=3, cursor=page.cursor).rows == ()
    assert said.asked[-1]["ExclusiveStartKey"] == items("c")[0]


def test_reads_of_the_table_are_as_it_is_now_and_an_index_cannot_be(
    table: Table, said: Said
) -> None:
    said.answers = [(200, {"Items": []})]
    table.get(KEY)
    table.query("ann")
    table.query("new", index="by_state")
    assert [each.get("ConsistentRead") for each in said.asked] == [True, True, None]


def test_an_update_of_more_columns_than_dynamodb_takes_at_once_is_refused(
    table: Table, said: Said
) -> None:
    many: dict[str, Scalar] = {f"column{number}": number for number in range(500)}
    with pytest.raises(InvalidValueError, match="fewer columns"):
        table.update(KEY, set=many)
    assert not said.asked


def test_there_is_one_client_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert clients.client("dynamodb") is clients.client("dynamodb")
    assert clients.client("dynamodb") is not clients.client("s3")
    assert clients.client("s3").meta.config.signature_version == "s3v4"
