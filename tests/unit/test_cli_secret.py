"""`make secret` writes secrets, rotates and lists them, and shows none."""

import io
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from app.adapters.local.secrets import read_or_make
from infra.alicloud.secret_store import SecretParameters
from infra.cli import secret
from infra.cli.secret_change import Wanted, change
from infra.cli.secret_values import ELSEWHERE, random_text
from infra.local.places import Places
from infra.local.secret_files import SecretFiles

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2"
KEY = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass
class Clone:
    """A clone's secrets, and all that its commands have printed."""

    root: Path
    shown: list[str] = field(default_factory=list)
    printed: str = ""
    complained: str = ""

    def file(self, name: str) -> Path:
        return Places(self.root).secrets / name

    def text(self, name: str = "token-key") -> str:
        return self.file(name).read_text().rstrip("\n")

    def run(self, *words: str) -> int:
        """The command without a value."""
        with Path(os.devnull).open("rb") as nothing:
            return self._run(words, nothing.fileno())

    def pipe(self, data: bytes, *words: str) -> int:
        """The command with this as standard input."""
        read, write = os.pipe()
        writer = Thread(target=fed, args=(write, data))
        writer.start()
        try:
            return self._run(words, read)
        finally:
            os.close(read)
            writer.join()

    def _run(self, words: Sequence[str], stdin: int) -> int:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = secret.main(words, self.root, stdin)
        self.printed, self.complained = out.getvalue(), err.getvalue()
        self.shown += [self.printed, self.complained]
        return code


def fed(pipe: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(pipe, "wb") as writing:
        writing.write(data)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """Nothing that any command printed holds anything of what is kept in the end."""
    made = Clone(tmp_path)
    yield made
    kept = {PLANTED}
    for file in made.file("x").parent.glob("*"):
        kept |= set(file.read_text(errors="replace").split()) if file.is_file() else set()
    for text in kept:
        assert all(text not in each for each in made.shown)


def test_the_first_call_makes_a_random_secret_that_functions_read(clone: Clone) -> None:
    assert clone.run("--name", "token-key") == 0
    assert clone.printed == "token-key: made, at random.\n"
    assert clone.complained == ""
    assert KEY.fullmatch(clone.text())
    assert read_or_make(clone.file("token-key")) == clone.text()
    assert stat.S_IMODE(clone.file("token-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(clone.file("token-key").parent.stat().st_mode) == 0o700


def test_the_second_call_changes_nothing_and_says_what_can_be_done(clone: Clone) -> None:
    clone.run("--name", "token-key")
    before = clone.text()
    assert clone.run("--name", "token-key") == 0
    assert clone.text() == before
    assert clone.printed.splitlines() == [
        "token-key is there already, nothing was changed: 1 key.",
        "  a new key that signs, the old one still good:  make secret NAME=token-key ROTATE=1",
        "  a random one in its place:  make secret NAME=token-key RANDOM=1",
        "  your own in its place:      make secret NAME=token-key < file",
    ]


def test_what_a_function_made_is_not_replaced_by_accident(clone: Clone) -> None:
    made = read_or_make(clone.file("token-key"))
    clone.run("--name", "token-key")
    assert clone.text() == made


def test_rotating_puts_a_new_key_in_front_and_keeps_two(clone: Clone) -> None:
    assert clone.run("--name", "token-key", "--rotate") == 0
    assert clone.printed == "token-key: there was none, so its first key was made.\n"
    first = clone.text()
    assert clone.run("--name", "token-key", "--rotate") == 0
    assert "The new key signs; tokens of the one before it stay good." in clone.printed
    assert "no longer good" not in clone.printed
    second, kept = clone.text().split("\n")
    assert kept == first
    clone.run("--name", "token-key", "--rotate")
    assert "Tokens of the key before that are no longer good." in clone.printed
    third, kept = clone.text().split("\n")
    assert kept == second
    assert len({first, second, third}) == 3


def test_rotating_a_secret_that_holds_no_keys_mends_it(clone: Clone) -> None:
    clone.run("--name", "token-key")
    clone.file("token-key").write_text("broken\n")
    assert clone.run("--name", "token-key", "--rotate") == 0
    assert "No key was there before it." in clone.printed
    assert "Lines that were no keys are gone: 1." in clone.printed
    assert KEY.fullmatch(clone.text())


def test_only_a_ring_of_keys_can_be_rotated(clone: Clone) -> None:
    clone.run("--name", "storage-key")
    before = clone.text("storage-key")
    assert clone.run("--name", "storage-key", "--rotate") == 1
    assert "make secret NAME=storage-key RANDOM=1 replaces it at once" in clone.complained
    assert clone.text("storage-key") == before


def test_random_replaces_what_is_there_and_says_what_that_means(clone: Clone) -> None:
    clone.run("--name", "token-key")
    before = clone.text()
    assert clone.run("--name", "token-key", "--random") == 0
    assert KEY.fullmatch(clone.text())
    assert clone.text() != before
    assert clone.printed.splitlines() == [
        "token-key: replaced by a random one.",
        "Tokens signed so far are no longer good: ROTATE=1 would have kept them.",
        "Functions that run see it within five minutes.",
    ]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_value_comes_from_standard_input(clone: Clone, end: str) -> None:
    assert clone.pipe(f"{PLANTED}{end}".encode(), "--name", "storage-key") == 0
    assert clone.text("storage-key") == PLANTED
    assert clone.printed.splitlines()[0] == "storage-key: made from what standard input gave."
    assert clone.complained == ""
    assert clone.pipe(b"another", "--name", "storage-key") == 0
    assert clone.text("storage-key") == "another"
    assert read_or_make(clone.file("storage-key")) == "another"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "standard input was empty"),
        (b" \n", "standard input was empty"),
        (PLANTED.encode() + b"\xff", "it is no UTF-8 text"),
        (PLANTED.encode() + b"\0", "it has a NUL character in it"),
        (PLANTED.encode() * 1000, "it is over 4096 bytes"),
    ],
)
def test_a_value_that_no_store_takes_changes_nothing_and_is_not_told(
    clone: Clone, data: bytes, said: str
) -> None:
    clone.run("--name", "storage-key")
    before = clone.text("storage-key")
    assert clone.pipe(data, "--name", "storage-key") == 1
    assert clone.complained.startswith(f"the value for storage-key was not taken: {said}")
    assert clone.text("storage-key") == before


def test_a_token_key_of_ones_own_must_be_keys(clone: Clone) -> None:
    assert clone.pipe(b"hunter2", "--name", "token-key") == 1
    assert "each of its lines must be a key of 43 characters" in clone.complained
    assert "hunter2" not in clone.complained
    assert not clone.file("token-key").exists()
    assert clone.pipe(f"{random_text()}\n{random_text()}\n".encode(), "--name", "token-key") == 0


def test_a_terminal_is_no_value() -> None:
    ours, theirs = pty.openpty()
    try:
        assert secret.given(theirs, pytest.fail) is None
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_pipe_that_stays_silent_is_spoken_of_and_waited_for() -> None:
    read, write = os.pipe()
    said: list[str] = []

    def then(text: str) -> None:
        said.append(text)
        os.write(write, PLANTED.encode())
        os.close(write)

    try:
        assert secret.given(read, then, silent_s=0) == PLANTED.encode()
    finally:
        os.close(read)
    assert said == ["reading the value from standard input until it ends; < /dev/null gives none"]


def test_a_closed_standard_input_is_no_value(clone: Clone) -> None:
    """As a process of its own, with the words that `make secret` gives it."""
    code = (
        f"from infra.cli.secret import *; sys.exit(main(sys.argv[1:], Path({str(clone.root)!r})))"
    )
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-c", code, "--name", "token-key"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "token-key: made, at random.\n"
    assert KEY.fullmatch(clone.text())


@pytest.mark.parametrize("words", [[PLANTED], ["--value", PLANTED], [f"--value={PLANTED}"]])
def test_a_value_is_never_taken_as_an_argument_nor_repeated(clone: Clone, words: list[str]) -> None:
    assert clone.run("--name", "storage-key", *words) == 1
    assert clone.complained.startswith("a value is never taken as an argument")
    assert not clone.file("storage-key").exists()


def test_a_name_that_no_grant_names_is_written_with_a_warning(clone: Clone) -> None:
    assert clone.run("--name", "tokn-key") == 0
    assert clone.complained == (
        "warning: no grant names the secret tokn-key, so no function may read it: "
        "did you mean token-key?\n"
    )
    assert KEY.fullmatch(clone.text("tokn-key"))
    clone.run("--name", "quite-another")
    assert "add one in infra/shop.py" in clone.complained


@pytest.mark.parametrize("name", ["stripe-key", "stripe-webhook", "smtp-url"])
def test_what_only_the_other_side_can_make_is_never_made_at_random(clone: Clone, name: str) -> None:
    for words in ([], ["--random"], ["--rotate"]):
        assert clone.run("--name", name, *words) == 1
        assert f"{name} is not made at random: that would open nothing" in clone.complained
        assert clone.complained.endswith(f"→ make secret NAME={name} < file\n")
        assert not clone.file(name).exists()

    assert clone.pipe(PLANTED.encode(), "--name", name) == 0
    assert clone.text(name) == PLANTED
    assert clone.run("--name", name) == 0
    assert clone.printed.splitlines() == [
        f"{name} is there already, nothing was changed: one text.",
        f"  your own in its place:      make secret NAME={name} < file",
    ]
    assert clone.run("--name", name, "--random") == 1
    assert clone.text(name) == PLANTED


def test_every_secret_that_is_made_elsewhere_is_granted_to_somebody() -> None:
    """A misspelt one would be made at random after all."""
    assert {*ELSEWHERE} == {*secret.granted()} - {"token-key", "payments-webhook"}


@pytest.mark.parametrize(
    "name", ["Token-Key", "token_key", "../x", "a/b", ".hidden", "-x", "x-", "a b", "ü"]
)
def test_a_name_that_no_cloud_takes_is_refused(clone: Clone, name: str) -> None:
    assert clone.run(f"--name={name}") == 1
    assert clone.complained.startswith(f"NAME={name}: not every cloud's secret store takes")
    assert not clone.file("x").parent.exists()


def test_without_a_name_nothing_is_written_and_the_command_is_shown(clone: Clone) -> None:
    assert clone.run() == 1
    assert clone.complained.startswith("no NAME was given")
    assert "make secret NAME=token-key" in clone.complained
    assert not clone.file("x").parent.exists()


def test_a_name_that_no_file_takes_is_refused_in_words(clone: Clone) -> None:
    assert clone.run("--name", "x" * 300) == 1
    assert "cannot be used (File name too long)" in clone.complained


def test_another_stack_is_refused_in_words(clone: Clone) -> None:
    (clone.root / "stacks").mkdir()
    (clone.root / "stacks/Pulumi.odd.yaml").write_text("config: {}\n")
    assert clone.run("--stack", "odd", "--name", "token-key") == 1
    assert "stack odd: its target is not stated" in clone.complained
    assert not clone.file("token-key").exists()


def test_a_stack_on_alibaba_cloud_keeps_its_secrets_in_its_region(clone: Clone) -> None:
    (clone.root / "stacks").mkdir(exist_ok=True)
    file = clone.root / "stacks/Pulumi.alicloud-dev.yaml"
    file.write_text("config: {alicloud:region: cn-beijing, shop:settings: {target: alicloud}}\n")
    store = secret.store_of("alicloud-dev", clone.root)
    assert isinstance(store, SecretParameters)


def test_commands_that_are_told_name_the_stack(clone: Clone) -> None:
    told: list[str] = []
    for _ in range(2):
        wanted = Wanted("token-key", stack="aws-dev")
        change(SecretFiles(Places(clone.root)), wanted, told.append)
    assert told[2].endswith("make secret STACK=aws-dev NAME=token-key ROTATE=1")
    assert told[4].endswith("make secret STACK=aws-dev NAME=token-key < file")


def test_the_local_clouds_own_secrets_are_known_on_the_local_stack_alone(clone: Clone) -> None:
    assert secret.granted() == [
        *("payments-webhook", "smtp-url", "stripe-key", "stripe-webhook", "token-key")
    ]
    clone.run("--name", "storage-key")
    assert clone.complained == ""


def test_the_list_has_names_keys_and_ages_and_no_values(clone: Clone) -> None:
    assert clone.run("--list") == 0
    assert clone.printed == ""
    clone.run("--name", "token-key")
    clone.run("--name", "token-key", "--rotate")
    clone.run("--name", "storage-key")
    clone.file("open-to-all").write_text(PLANTED)
    clone.file("open-to-all").chmod(0o644)
    written = clone.file("storage-key").stat().st_mtime - 3 * 86_400
    os.utime(clone.file("storage-key"), (written, written))
    assert clone.run("--list") == 0
    first, second, third = clone.printed.splitlines()
    assert first.startswith("open-to-all               unusable (")
    assert "may be read by others, so it is no secret any more" in first
    assert second == "storage-key               one text      3 days old"
    assert third == "token-key                 2 keys        less than a minute old"


def test_a_link_is_replaced_and_what_it_leads_to_stays(clone: Clone) -> None:
    elsewhere = clone.root / "elsewhere"
    elsewhere.write_text("mine")
    clone.file("x").parent.mkdir(parents=True)
    clone.file("token-key").symlink_to(elsewhere)
    assert clone.run("--name", "token-key", "--rotate") == 1
    assert clone.run("--name", "token-key") == 0
    assert "nothing was changed: unusable (" in clone.printed
    assert clone.run("--name", "token-key", "--random") == 0
    assert elsewhere.read_text() == "mine"
    assert not clone.file("token-key").is_symlink()


@pytest.mark.long
def test_rotations_at_once_lose_no_key_but_the_oldest(clone: Clone) -> None:
    clone.run("--name", "token-key")
    code = (
        "import sys; from pathlib import Path; from infra.cli.secret import *\n"
        "from infra.local.places import Places\n"
        "store = SecretFiles(Places(Path(sys.argv[1])))\n"
        "for _ in range(20):\n"
        "    change(store, Wanted('token-key', rotate=True), str)\n"
        "    lines = store.read('token-key').split()\n"
        "    assert len(lines) == 2 and all(len(each) == 43 for each in lines), len(lines)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(clone.root)], cwd=ROOT) for _ in range(3)
    ]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert [each.name for each in clone.file("x").parent.iterdir()] == ["token-key"]
