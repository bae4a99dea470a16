"""The SQLite file below local tables, buckets and queues: bounded waits and clear errors."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.adapters.local.database import Database
from app.ports.errors import ResourceMissingError, UnavailableError

SCHEMA = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY) WITHOUT ROWID;"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    folder.mkdir()
    return folder / "rows.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    made = Database(file, SCHEMA, "normal", wait_s=0.05)
    yield made
    made.close()


def add(database: Database, word: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO words VALUES (?)", (word,))


def words(database: Database) -> list[str]:
    return [word for (word,) in database.fetch("SELECT word FROM words ORDER BY word")]


def test_without_its_folder_the_resource_does_not_exist(tmp_path: Path) -> None:
    database = Database(tmp_path / "words" / "rows.db", SCHEMA, "full")
    with pytest.raises(ResourceMissingError, match="words does not exist"):
        words(database)
    with pytest.raises(ResourceMissingError):
        add(database, "a")
    assert not (tmp_path / "words").exists()


def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute("INSERT INTO words VALUES ('lost')")
            raise KeyError

    add(database, "kept")
    with pytest.raises(KeyError):
        fail()
    assert words(database) == ["kept"]


def test_only_its_owner_can_read_the_file(database: Database, file: Path) -> None:
    mask = os.umask(0)
    try:
        add(database, "a")
    finally:
        os.umask(mask)
    found = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}
    assert found == {"rows.db": 0o600, "rows.db-wal": 0o600, "rows.db-shm": 0o600}


@pytest.mark.parametrize(("durability", "level"), [("normal", 1), ("full", 2)])
def test_durability_is_how_often_the_disk_is_synced(
    file: Path, durability: str, level: int
) -> None:
    database = Database(file, SCHEMA, "full" if durability == "full" else "normal")
    assert database.fetch("PRAGMA synchronous") == [(level,)]
    assert database.fetch("PRAGMA journal_mode") == [("wal",)]
    database.close()


def test_a_wait_for_another_writer_has_an_end_and_reading_waits_for_nobody(
    database: Database, file: Path
) -> None:
    add(database, "a")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO words VALUES ('theirs')")
        with pytest.raises(UnavailableError, match="others have been writing") as caught:
            add(database, "b")
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        assert words(database) == ["a"]
        other.execute("COMMIT")
    add(database, "b")
    assert words(database) == ["a", "b", "theirs"]


def test_a_writer_that_ends_in_time_lets_the_next_one_in(file: Path) -> None:
    database = Database(file, SCHEMA, "normal", wait_s=60)
    add(database, "a")
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write() as connection:
            inside.set()
            go_on.wait()
            connection.execute("INSERT INTO words VALUES ('first')")
        database.close()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    threading.Timer(0.05, go_on.set).start()
    with database.write() as connection:
        assert connection.execute("SELECT word FROM words").fetchall() == [("a",), ("first",)]
    thread.join()
    database.close()


def test_a_full_disk_is_said_and_costs_nothing_that_was_there(database: Database) -> None:
    add(database, "a")
    database.fetch("PRAGMA max_page_count=10")
    with pytest.raises(UnavailableError, match="the disk is full"):
        add(database, "x" * 1_000_000)
    add(database, "b")
    assert words(database) == ["a", "b"]
    assert database.fetch("PRAGMA integrity_check") == [("ok",)]


def test_a_file_that_is_none_of_sqlites_is_said(database: Database, file: Path) -> None:
    file.write_bytes(b"no database " * 1000)
    for act in (lambda: words(database), lambda: add(database, "a")):
        with pytest.raises(UnavailableError, match=r"words/rows\.db.*no SQLite file"):
            act()
    file.unlink()
    add(database, "a")
    assert words(database) == ["a"]


def test_a_damaged_file_is_said(database: Database, file: Path) -> None:
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO words VALUES (?)", [(f"{number:0500}",) for number in range(200)]
        )
    database.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(UnavailableError, match="damaged"):
        words(database)


def test_a_file_that_cannot_be_opened_is_said(database: Database, file: Path) -> None:
    file.mkdir()
    with pytest.raises(UnavailableError, match="cannot be opened"):
        words(database)


def test_what_a_constraint_refuses_is_the_callers_to_know(database: Database) -> None:
    add(database, "a")
    with pytest.raises(sqlite3.IntegrityError):
        add(database, "a")
    add(database, "b")
    assert words(database) == ["a", "b"]


def test_a_newer_schema_is_brought_in_beside_what_is_there(file: Path) -> None:
    old = Database(file, SCHEMA, "normal")
    add(old, "a")
    newer = "CREATE TABLE IF NOT EXISTS more (text TEXT DEFAULT ';');"
    new = Database(file, f"{SCHEMA}\n{newer}\n", "normal")
    assert new.fetch("SELECT * FROM more") == []
    add(new, "b")
    add(old, "c")
    again = Database(file, SCHEMA, "normal")
    assert words(again) == ["a", "b", "c"]
    assert again.fetch("SELECT * FROM more") == []
    for each in (old, new, again):
        each.close()


def test_what_is_written_after_the_file_was_removed_goes_to_its_successor(
    database: Database, file: Path
) -> None:
    add(database, "a")
    shutil.rmtree(file.parent)
    with pytest.raises(ResourceMissingError):
        add(database, "b")
    file.parent.mkdir()
    add(database, "c")
    other = Database(file, SCHEMA, "normal")
    assert words(other) == ["c"]
    other.close()


def connection_of(database: Database) -> sqlite3.Connection:
    with database.write() as connection:
        return connection


def test_each_thread_has_a_connection_of_its_own(database: Database) -> None:
    add(database, "a")
    mine = connection_of(database)
    theirs: list[bool] = []

    def look() -> None:
        theirs.append(connection_of(database) is mine)
        add(database, "b")
        database.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert theirs == [False]
    assert connection_of(database) is mine
    assert words(database) == ["a", "b"]


_FORKING = """
import os, sys
from pathlib import Path
from app.adapters.local.database import Database
database = Database(Path(sys.argv[1]), sys.argv[2], "normal")
with database.write() as before:
    pass
child = os.fork()
if not child:
    with database.write() as connection:
        connection.execute("INSERT INTO words VALUES ('child')")
    os._exit(0 if connection is not before else 9)
status = os.waitpid(child, 0)[1]
assert status == 0, status
with database.write() as connection:
    assert connection is before
    connection.execute("INSERT INTO words VALUES ('parent')")
database.close()
"""


def test_a_connection_from_before_a_fork_is_not_used_after_it(
    database: Database, file: Path
) -> None:
    command = [sys.executable, "-c", _FORKING, str(file), SCHEMA]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    assert words(database) == ["child", "parent"]


def test_a_copy_of_the_files_of_a_running_database_is_whole(
    database: Database, file: Path, tmp_path: Path
) -> None:
    for number in range(50):
        add(database, f"{number:03}")
    copied = shutil.copytree(file.parent, tmp_path / "copied")
    other = Database(copied / "rows.db", SCHEMA, "normal")
    assert len(words(other)) == 50
    other.close()
