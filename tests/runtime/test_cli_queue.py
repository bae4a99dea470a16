"""`make queue` shows what is in the queues, and delivers dead messages anew or removes them."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from infra.cli import queue_look
from infra.cli.queue_look import age, dead_ones, listing, moved, plain
from tests.support.local_cloud import LocalCloud, running
from tests.support.pids import wait_for
from tests.support.queue_cloud import QueueOfCloud

NOW = 1_700_000_000_000
DEAD: dict[str, Any] = {
    "id": "01J0",
    "attempts": 5,
    "reason": "the handler raised",
    "sent_ms": NOW - 600_000,
    "dead_ms": NOW - 300_000,
    "body": '{"a":\n"\x9b2J"}',
    "bytes": 13,
}


def look(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "waiting": 0,
        "in_flight": 0,
        "dead": 0,
        "oldest_ms": None,
        "messages": [],
    }
    return {**usual, **changes}


def run(
    root: Path, *arguments: str, answer: Callable[[], str] | None = None
) -> tuple[int, str, str]:
    """Exit code, output and errors of the command."""
    said, wrong = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(wrong):
        code = queue_look.main(arguments, root, answer)
    return code, said.getvalue(), wrong.getvalue()


def test_all_queues_are_listed_with_counts_and_the_age_of_the_oldest() -> None:
    queues = {
        "welcome": look(waiting=12, in_flight=3, dead=1, oldest_ms=NOW - 125_000),
        "mail": look(),
        "torn": {"error": "the queue torn cannot be used: it is locked"},
    }
    assert listing(queues, NOW).splitlines() == [
        "queue    waiting  in flight  dead  oldest",
        "welcome       12          3     1   2 min",
        "mail           0          0     0       -",
        "torn           ?          ?     ?       ?",
        "torn: the queue torn cannot be used: it is locked",
    ]
    assert listing({}, NOW) == "The local cloud has no queue."


def test_dead_messages_are_shown_with_their_reason_and_nothing_that_steers_a_terminal() -> None:
    queue = look(dead=3, messages=[DEAD, {**DEAD, "id": "01J1", "attempts": 1, "bytes": 61_440}])
    assert dead_ones("welcome", queue, NOW).splitlines() == [
        "",
        "dead messages, the last one first:",
        "  01J0  5 attempts, dead for 5 min: the handler raised",
        '    {"a":\\n"\\x9b2J"}',
        "  01J1  1 attempt, dead for 5 min: the handler raised",
        '    {"a":\\n"\\x9b2J"}… (61,440 bytes)',
        "  and 1 more",
        (
            '→ make queue ARGS="welcome --redrive" delivers all of them anew, '
            'ARGS="welcome --redrive ID" one'
        ),
    ]
    assert dead_ones("welcome", look(), NOW) == ""


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5, "0 s"),
        (999, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (7_200_000, "2 h"),
        (200_000_000, "2 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(ms: int, text: str) -> None:
    assert age(ms) == text


def test_letters_of_any_script_are_shown_as_they_are() -> None:
    assert plain("处理 🛒 ü\x1b[31m\u202e") == "处理 🛒 ü\\x1b[31m\\u202e"


def test_what_was_not_there_is_named() -> None:
    said = moved("removed for good", "welcome", {"count": 1, "missing": ["x"]})
    assert said == "1 message of welcome removed for good\nx: is no dead message of welcome"


def test_without_a_local_cloud_the_remedy_is_named(tmp_path: Path) -> None:
    for arguments in ([], ["welcome"], ["welcome", "--redrive"], ["w", "--purge", "--yes"]):
        code, said, wrong = run(tmp_path, *arguments)
        assert (code, said) == (1, "")
        assert wrong == "the local cloud is not running; `make up` brings it back\n"


@pytest.mark.parametrize("arguments", [["--redrive"], ["--purge"], ["--redrive", "welcome"]])
def test_without_a_queues_name_nothing_is_moved(tmp_path: Path, arguments: list[str]) -> None:
    code, _, wrong = run(tmp_path, *arguments)
    assert code == 1
    assert 'make queue ARGS="welcome --redrive"' in wrong


def test_only_the_local_stacks_queues_are_here(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks/Pulumi.aws-dev.yaml"
    file.write_text("config: {shop:settings: {target: aws}}\n")
    code, _, wrong = run(tmp_path, "--stack", "aws-dev")
    assert code == 1
    assert wrong.startswith("stack aws-dev: only the local stack's queues are on this machine\n")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("queues"), "aws") as found:
        yield found


@pytest.fixture
def dead(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[QueueOfCloud]:
    """A queue with three dead messages, of a name that no other test uses."""
    name = f"welcome-{len(request.node.name)}"
    queue = QueueOfCloud(cloud, name, max_attempts=1).open()
    queue.send("fail 1", "fail 2", "fail 3")
    wait_for(lambda: queue.counts() == (0, 0, 3))
    yield queue
    cloud.do(cloud.cloud.queues.delete(name))


def test_dead_messages_are_redriven_by_id_or_all(cloud: LocalCloud, dead: QueueOfCloud) -> None:
    root, name = cloud.places.root, dead.name
    code, said, _ = run(root, name, "--json")
    found = json.loads(said)[name]
    assert (code, found["dead"], len(found["messages"])) == (0, 3, 3)
    code, said, _ = run(root, name)
    assert code == 0
    for each in found["messages"]:
        assert each["id"] in said
        assert each["body"] in said
    number = found["messages"][0]["id"]
    code, said, _ = run(root, name, "--redrive", number, "nowhere")
    assert (code, said.splitlines()) == (
        1,
        [
            f"1 message of {name} will be delivered anew",
            f"nowhere: is no dead message of {name}",
        ],
    )
    wait_for(lambda: len(dead.seen()) == 4)
    assert run(root, name, "--redrive")[:2] == (
        0,
        f"2 messages of {name} will be delivered anew\n",
    )
    wait_for(lambda: len(dead.seen()) == 6)
    code, said, _ = run(root)
    assert said.splitlines()[1].split()[0] == name


def test_dead_messages_are_removed_only_after_a_yes(cloud: LocalCloud, dead: QueueOfCloud) -> None:
    root, name = cloud.places.root, dead.name
    for no in ("", "n\n", "no\n", "maybe\n"):
        code, said, asked = run(root, name, "--purge", answer=lambda no=no: no)  # type: ignore[misc]
        assert (code, said) == (1, "Nothing was removed.\n")
        assert asked == f"Remove all 3 dead messages of {name} for good? [y/N] "
    assert dead.look()["dead"] == 3
    number = dead.look()["messages"][0]["id"]
    code, said, asked = run(root, name, "--purge", number, answer=lambda: "y\n")
    assert asked == f"Remove 1 named dead messages of {name} for good? [y/N] "
    assert (code, said) == (0, f"1 message of {name} removed for good\n")
    code, said, asked = run(root, name, "--purge", "--yes", "--json")
    assert (code, json.loads(said), asked) == (0, {"count": 2, "missing": []}, "")
    assert dead.look()["dead"] == 0


def test_a_misspelt_queue_is_told_with_the_nearest_name(
    cloud: LocalCloud, dead: QueueOfCloud
) -> None:
    for more in ([], ["--redrive"], ["--purge", "--yes"]):
        code, said, wrong = run(cloud.places.root, dead.name[1:], *more)
        assert (code, said) == (1, "")
        assert wrong == f"there is no queue {dead.name[1:]}: write {dead.name}\n"
    assert dead.look()["dead"] == 3
