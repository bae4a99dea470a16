"""What a killed engine has left is cleared, and nothing of a living one."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.leftovers import (
    HOST,
    Process,
    answers,
    clear,
    is_engine,
    orphans,
    processes,
    stale_locks,
    working_folder,
)

ADDRESS = "127.0.0.1:4000"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called as the engine is."""
    process = subprocess.Popen(
        ["pulumi", "-c", "input()"],
        executable=sys.executable,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    yield process
    process.kill()
    process.communicate()


def lock(backend: Path, name: str, text: str) -> Path:
    """A lock file with what the engine keeps beside it."""
    file = backend / ".pulumi" / "locks" / "organization" / "shop" / "local" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.with_name(file.name + ".attrs").write_text("{}")
    return file


def held(pid: int, host: str = "") -> str:
    return json.dumps({"pid": pid, "hostname": host or socket.gethostname(), "username": "any"})


def test_only_the_locks_of_this_machines_dead_engines_are_stale(tmp_path: Path) -> None:
    dead = lock(tmp_path, "dead", held(1))
    lock(tmp_path, "alive", held(2))
    lock(tmp_path, "elsewhere", held(1, "another-machine"))
    for number, text in enumerate(["", "{", "[]", '{"pid": "x", "hostname": "y"}']):
        lock(tmp_path, f"odd-{number}", text)
    assert stale_locks(tmp_path, lambda pid: pid == 2) == [dead]
    assert stale_locks(tmp_path / "nowhere", lambda _: False) == []


def test_a_process_id_that_another_program_got_since_is_no_engine(
    engine: subprocess.Popen[bytes],
) -> None:
    assert is_engine(engine.pid)
    assert not is_engine(os.getpid())
    engine.kill()
    engine.wait()
    assert not is_engine(engine.pid)


def test_clearing_removes_a_stale_lock_whole_and_leaves_a_living_engines(
    tmp_path: Path, engine: subprocess.Popen[bytes]
) -> None:
    dead, alive = lock(tmp_path, "dead", held(os.getpid())), lock(tmp_path, "a", held(engine.pid))
    clear(tmp_path, tmp_path)
    clear(tmp_path, tmp_path)
    left = sorted(each.name for each in dead.parent.iterdir())
    assert left == [alive.name, alive.name + ".attrs"]


def test_the_processes_of_this_machine_are_listed_with_their_parents(
    engine: subprocess.Popen[bytes],
) -> None:
    found = {each.pid: each for each in processes()}
    assert found[engine.pid].parent == os.getpid()
    assert found[engine.pid].program == "pulumi"
    assert found[engine.pid].words[-1] == "input()"
    assert found[os.getpid()].user == os.getuid()
    assert Process(1, 0, 0, ()).program == ""


def test_a_language_host_is_an_orphan_when_its_engine_is_neither_parent_nor_answers() -> None:
    engine = Process(10, 1, 7, ("/opt/bin/pulumi", "up"))
    shell = Process(20, 1, 7, ("sh",))
    of_engine = Process(11, 10, 7, (f"/opt/bin/{HOST}", "127.0.0.1:1"))
    lost = Process(12, 1, 7, (f"/opt/bin/{HOST}", ADDRESS))
    adopted = Process(13, 20, 7, (f"/opt/bin/{HOST}", ADDRESS))
    answered = Process(14, 1, 7, (f"/opt/bin/{HOST}", "127.0.0.1:5000"))
    anothers = Process(15, 1, 8, (f"/opt/bin/{HOST}", ADDRESS))
    other = Process(16, 1, 7, ("/opt/bin/pulumi-resource-local", ADDRESS))
    running = [engine, shell, of_engine, lost, adopted, answered, anothers, other]
    assert orphans(running, 7, lambda address: address == "127.0.0.1:5000") == [12, 13]


def test_an_engine_answers_where_something_listens() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        assert not answers(f"127.0.0.1:{port}")
        listening.listen()
        assert answers(f"127.0.0.1:{port}")
    assert answers("no address"), "what cannot be asked is left alone"


def test_only_a_language_host_that_works_in_this_checkout_is_ended(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    hosts = []
    for folder in (ours, theirs):
        folder.mkdir()
        # an orphan: its parent is no engine, and nothing listens at port 1
        words = [HOST, "-c", "input()", "127.0.0.1:1"]
        hosts.append(
            subprocess.Popen(
                words, executable=sys.executable, stdin=subprocess.PIPE, cwd=folder.resolve()
            )
        )
    try:
        assert working_folder(hosts[1].pid) == theirs.resolve()
        clear(tmp_path, ours.resolve())
        assert hosts[0].wait(10) == -signal.SIGTERM
        assert hosts[1].poll() is None
    finally:
        for host in hosts:
            host.kill()
            host.communicate()
