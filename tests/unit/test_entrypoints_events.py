"""Queues and schedules on both clouds: each message is tried, each failure is told."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bootstrap import ConfigurationError, Services
from app.dispatch_events import serve_queue, serve_schedule
from app.entrypoints import alicloud_queue, alicloud_schedule, aws_queue, aws_schedule
from app.gateways import alicloud, alicloud_events, aws, aws_events
from app.gateways.alicloud_events import BatchFailedError
from app.gateways.event import MalformedEventError
from app.messages import Message
from infra.bundle import bundle, stage
from infra.model import Function, Provider, Trigger

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
ENVIRONMENT = {"SHOP_HANDLER": "made-up", "SHOP_STACK": "local"}
AWS_CONTEXT = SimpleNamespace(aws_request_id="lambda-1")
FC_CONTEXT = SimpleNamespace(request_id="fc-1")
SQS, MNS = (
    json.loads((EVENTS / f"gateway_{each}.json").read_text())
    for each in ("aws_sqs", "alicloud_mns")
)
FIRST = '{"event": "01J0", "name": "jörg 处"}'


def _captured(name: str) -> Any:
    return json.loads((EVENTS / f"gateway_{name}.json").read_text())


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def handler() -> Iterator[ModuleType]:
    """The module of the function `made-up`, for a test to fill."""
    module = ModuleType("app.handlers.made_up")
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


class Consumer:
    """Notes what it is given, and raises for the bodies that it was told of."""

    def __init__(self, *bad: str) -> None:
        self.bad = bad
        self.seen: list[Message] = []
        self.services: list[Services] = []

    def __call__(self, message: Message, services: Services) -> None:
        self.seen.append(message)
        self.services.append(services)
        if message.body in self.bad:
            raise ValueError("the letter cannot be sent")


def _on_aws(lines: list[str]) -> Callable[[object], object]:
    read, consumed = aws_events.messages, aws_events.consumed
    queue = serve_queue(ENVIRONMENT, read, consumed, aws.call_id, lines.append)
    return lambda event: queue(event, AWS_CONTEXT)


def _on_alicloud(lines: list[str]) -> Callable[[object], object]:
    read, consumed = alicloud_events.messages, alicloud_events.consumed
    queue = serve_queue(ENVIRONMENT, read, consumed, alicloud.call_id, lines.append)
    return lambda event: queue(_encoded(event), FC_CONTEXT)


def test_on_aws_every_message_reaches_the_consumer(handler: Any) -> None:
    handler.consume = Consumer()
    lines: list[str] = []

    assert _on_aws(lines)(_captured("aws_sqs")) == {"batchItemFailures": []}
    assert [(m.id, m.body, m.attempt) for m in handler.consume.seen] == [
        ("059f36b4-87a3-44ab-83d2-661975830a7d", FIRST, 1),
        ("2e1424d4-f796-459a-8184-9c92662be6da", "second", 3),
    ]
    assert lines == []


def test_on_alicloud_every_message_reaches_the_consumer(handler: Any) -> None:
    handler.consume = Consumer()
    lines: list[str] = []

    assert _on_alicloud(lines)(_captured("alicloud_mns")) is None
    assert [(m.id, m.body, m.attempt) for m in handler.consume.seen] == [
        ("C6DB60D1574661357FA2272774450001", FIRST, 0),
        ("C6DB60D1574661357FA2272774450002", "second", 0),
    ]
    assert lines == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.lists(JSON) | st.dictionaries(st.text(), JSON))
def test_on_alicloud_a_body_that_arrives_as_json_is_handed_on_as_its_text(body: Any) -> None:
    """EventBridge reads a body that is JSON; the consumer is given what means the same."""
    event = {**MNS[0], "data": {**MNS[0]["data"], "messageBody": body}}
    (message,) = alicloud_events.messages(_encoded([event]))
    assert json.loads(message.body) == body
    assert message.id == MNS[0]["data"]["messageId"]


def test_on_alicloud_the_text_of_such_a_body_is_the_shortest_with_its_keys_in_their_order() -> None:
    event = {**MNS[0], "data": {**MNS[0]["data"], "messageBody": {"b": [1, 2], "a": "处"}}}
    (message,) = alicloud_events.messages(_encoded([event]))
    assert message.body == r'{"b":[1,2],"a":"\u5904"}'


def test_on_alicloud_an_event_without_a_list_is_taken_like_a_list_of_one() -> None:
    for event in MNS:
        assert alicloud_events.messages(_encoded(event)) == alicloud_events.messages(
            _encoded([event])
        )


def test_a_cold_start_wires_the_services_once(handler: Any) -> None:
    handler.consume = Consumer()
    queue = _on_aws([])

    queue(_captured("aws_sqs"))
    queue(_captured("aws_sqs"))

    assert len(handler.consume.services) == 4
    assert len({id(each) for each in handler.consume.services}) == 1


def test_on_aws_the_one_that_failed_is_named_and_the_others_are_done(handler: Any) -> None:
    handler.consume = Consumer(FIRST)
    lines: list[str] = []

    found = _on_aws(lines)(_captured("aws_sqs"))

    failed = "059f36b4-87a3-44ab-83d2-661975830a7d"
    assert found == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert [message.body for message in handler.consume.seen] == [FIRST, "second"]
    assert [_told(line) for line in lines] == [("lambda-1", failed, 1)]


def test_on_alicloud_the_batch_fails_after_all_of_it_was_tried(handler: Any) -> None:
    handler.consume = Consumer(FIRST)
    lines: list[str] = []
    failed = "C6DB60D1574661357FA2272774450001"

    with pytest.raises(BatchFailedError, match=failed) as caught:
        _on_alicloud(lines)(_captured("alicloud_mns"))

    assert "jörg" not in str(caught.value)
    assert [message.body for message in handler.consume.seen] == [FIRST, "second"]
    assert [_told(line) for line in lines] == [("fc-1", failed, 0)]


def _told(line: str) -> tuple[object, ...]:
    """What a line says, which must be one line of JSON and hold no message's body."""
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert "jörg" not in json.loads(line)["message"]
    assert "j\\u00f6rg" not in line
    assert "01J0" not in line
    entry = json.loads(line)
    assert (entry["level"], entry["function"]) == ("error", "made-up")
    assert (entry["error"], entry["message"]) == ("ValueError", "the letter cannot be sent")
    assert "in __call__" in entry["trace"]
    return entry["request_id"], entry["message_id"], entry["attempt"]


@pytest.mark.parametrize("run", [_on_aws, _on_alicloud])
def test_an_exit_is_left_to_the_runtime(handler: Any, run: Any) -> None:
    def consume(_message: Message, _services: Services) -> None:
        raise SystemExit(3)

    handler.consume = consume
    event = _captured("aws_sqs" if run is _on_aws else "alicloud_mns")

    with pytest.raises(SystemExit):
        run([])(event)


def _without(event: Any, *path: Any) -> Any:
    """The event without one member."""
    whole = found = copy.deepcopy(event)
    for step in path[:-1]:
        found = found[step]
    del found[path[-1]]
    return whole


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (None, "event is missing"),
        ({}, "Records is missing, not a list"),
        (_captured("aws_schedule"), "Records is missing"),
        ({"Records": {}}, "Records is dict, not a list"),
        ({"Records": ["x"]}, r"Records\[0\] is str, not an object"),
        (_without(SQS, "Records", 1, "messageId"), r"Records\[1\]\.messageId is missing"),
        (_without(SQS, "Records", 0, "body"), r"Records\[0\]\.body is missing"),
        (_without(SQS, "Records", 0, "attributes"), r"Records\[0\]\.attributes is missing"),
        (
            {"Records": [{"attributes": {"ApproximateReceiveCount": "many"}}]},
            "ApproximateReceiveCount is no number",
        ),
    ],
)
def test_on_aws_a_malformed_batch_is_told_and_fails_as_a_whole(
    handler: Any, event: Any, words: str
) -> None:
    handler.consume = Consumer()
    lines: list[str] = []

    with pytest.raises(MalformedEventError, match=words):
        _on_aws(lines)(event)

    assert handler.consume.seen == []
    assert [json.loads(line)["request_id"] for line in lines] == ["lambda-1"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (b"{", "the event is not JSON"),
        (b'{"Records": []}', r"event\.data is missing"),
        (b"7", "event is int, not a list"),
        (b"[7]", r"event\[0\] is int, not an object"),
        (_encoded(_without(MNS, 0, "data")), r"event\[0\]\.data is missing"),
        (
            _encoded(_without(MNS, 1, "data", "messageId")),
            r"event\[1\]\.data\.messageId is missing",
        ),
        (
            _encoded(_without(MNS, 0, "data", "messageBody")),
            r"event\[0\]\.data\.messageBody is missing",
        ),
        (
            _encoded({"data": {"messageId": "1", "messageBody": 7}}),
            r"event\.data\.messageBody is int, not text",
        ),
        (MNS, "the event is list, not bytes"),
    ],
)
def test_on_alicloud_a_malformed_batch_is_told_and_fails_as_a_whole(
    handler: Any, event: Any, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handler.consume = Consumer()

    with pytest.raises(MalformedEventError, match=words):
        alicloud_queue.make(ENVIRONMENT)(event, FC_CONTEXT)

    assert handler.consume.seen == []
    assert json.loads(capsys.readouterr().err)["request_id"] == "fc-1"


def test_a_schedule_runs_the_function_with_its_services(handler: Any) -> None:
    ran: list[Services] = []
    handler.run = ran.append

    assert aws_schedule.make(ENVIRONMENT)(_captured("aws_schedule"), AWS_CONTEXT) is None
    timer = _encoded(_captured("alicloud_timer"))
    assert alicloud_schedule.make(ENVIRONMENT)(timer, FC_CONTEXT) is None

    assert [services.stack for services in ran] == ["local", "local"]


@pytest.mark.parametrize("cloud", ["aws", "alicloud"])
def test_a_schedule_that_fails_is_told_and_raised_on(handler: Any, cloud: str) -> None:
    def run(_services: Services) -> None:
        raise KeyError("gone")

    handler.run = run
    lines: list[str] = []
    on_aws = cloud == "aws"
    read = aws_events.schedule if on_aws else alicloud_events.schedule
    call_id = aws.call_id if on_aws else alicloud.call_id
    schedule = serve_schedule(ENVIRONMENT, read, call_id, lines.append)
    event = _captured("aws_schedule") if on_aws else _encoded(_captured("alicloud_timer"))

    with pytest.raises(KeyError, match="gone"):
        schedule(event, AWS_CONTEXT if on_aws else FC_CONTEXT)

    (entry,) = map(json.loads, lines)
    assert (entry["function"], entry["schedule"], entry["error"]) == (
        "made-up",
        "sweep",
        "KeyError",
    )
    assert entry["request_id"] == ("lambda-1" if on_aws else "fc-1")


@pytest.mark.parametrize(
    ("read", "event", "words"),
    [
        (aws_events.schedule, SQS, "detail-type is missing"),
        (aws_events.schedule, {"detail-type": "Other"}, "detail-type is not Scheduled Event"),
        (
            aws_events.schedule,
            {"detail-type": "Scheduled Event", "resources": []},
            "does not name the rule",
        ),
        (alicloud_events.schedule, _encoded(MNS), "event is list, not an object"),
        (alicloud_events.schedule, b'{"triggerName": "sweep"}', "triggerTime is missing"),
        (alicloud_events.schedule, b'{"triggerTime": "2023"}', "triggerName is missing"),
    ],
)
def test_what_is_no_schedules_event_is_malformed(read: Any, event: Any, words: str) -> None:
    with pytest.raises(MalformedEventError, match=words):
        read(event)


@pytest.mark.parametrize(
    ("entrypoint", "wanted"),
    [
        (aws_queue, "consume"),
        (alicloud_queue, "consume"),
        (aws_schedule, "run"),
        (alicloud_schedule, "run"),
    ],
)
def test_a_handler_without_what_its_trigger_needs_stops_the_start(
    handler: Any, entrypoint: Any, wanted: str
) -> None:
    handler.ROUTES = {"GET /": 1}

    with pytest.raises(ConfigurationError, match=f"app.handlers.made_up defines no {wanted}"):
        entrypoint.make(ENVIRONMENT)
    for key in ENVIRONMENT:
        with pytest.raises(ConfigurationError, match=key):
            entrypoint.make({name: text for name, text in ENVIRONMENT.items() if name != key})


_HANDLER = "def consume(message, services): ...\ndef run(services): ...\nROUTES = {'GET /a': 1}\n"
_LOAD = """
import sys, json
sys.path.insert(0, sys.argv[1])
from importlib import import_module
getattr(import_module("app.entrypoints." + sys.argv[2]), sys.argv[3])
print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] == "app"]))
"""


@pytest.mark.parametrize("trigger", ["http", "queue", "schedule"])
@pytest.mark.parametrize("provider", ["aws", "alicloud"])
def test_a_function_is_packed_with_its_own_trigger_and_no_other(
    tmp_path: Path, provider: Provider, trigger: Trigger
) -> None:
    """Nothing is missing and nothing is there in vain, told by a process that wires it."""
    root = tmp_path / "copy"
    for file in (ROOT / "app").rglob("*.py"):
        target = root / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (root / "app/handlers/made_up.py").write_text(_HANDLER)
    found = bundle(root, Function(name="made-up"), provider, trigger=trigger)
    code = stage(found.files, tmp_path / "staged")

    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LOAD, str(code), provider, trigger],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    loaded = {Path(file).relative_to(code).as_posix() for file in json.loads(run.stdout)}
    assert loaded == {file.path for file in found.files}
    assert found.handler == f"app.entrypoints.{provider}.{trigger}"
