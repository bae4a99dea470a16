"""Passwords are recognised, and nothing else is."""

import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.common.passwords import CHEAP_FOR_TESTS_ONLY, OWASP, Argon2Passwords
from app.ports.errors import InvalidValueError
from app.ports.passwords import Passwords

PARAMETERS = {"owasp": OWASP, "cheap": CHEAP_FOR_TESTS_ONLY}
CHEAP = Argon2Passwords(CHEAP_FOR_TESTS_ONLY)
KEPT = CHEAP.hash("right")
ROOT = Path(__file__).resolve().parents[3]
SHORT_OF_MEMORY = """\
import resource
from dataclasses import replace
from app.adapters.common.passwords import OWASP, Argon2Passwords
from app.ports.errors import UnavailableError

passwords = Argon2Passwords(replace(OWASP, memory_cost=200 * 1024, time_cost=1))
kept = passwords.hash("right")
resource.setrlimit(resource.RLIMIT_AS, (150 * 1024**2, 150 * 1024**2))
for attempt in (lambda: passwords.hash("right"), lambda: passwords.verify(kept, "right")):
    try:
        print(attempt())
    except UnavailableError as error:
        print(error)
"""
GARBAGE = [
    "",
    "right",
    "$argon2id$",
    "$argon2id$v=19$m=8,t=1,p=1$$",
    "$argon2id$v=19$m=8,t=1,p=1$!!!!$????",
    "$argon2id$v=19$m=x,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
    "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
    "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",  # 4 GB
    "$argon2id$v=19$m=8,t=4000000000,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",  # for ever
    "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHQ$aGFzaGhhc2g",
    "$2b$12$abcdefghijklmnopqrstuv",
    KEPT[:-1],
    KEPT + "A",
    KEPT + "\0",
    "\0" + KEPT,
    KEPT.replace("argon2id", "argon2ix"),
    "pass\udc80wörd",
]


@pytest.fixture(params=PARAMETERS)
def passwords(request: pytest.FixtureRequest) -> Passwords:
    return Argon2Passwords(PARAMETERS[request.param])


def test_the_default_is_what_owasp_asks_for_at_least() -> None:
    assert Argon2Passwords().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password", ["right", "", "grün ✓ 🔑", "with\0zero", "x" * 1024, "ü" * 512]
)
def test_a_password_fits_what_was_made_of_it_and_no_other_does(
    passwords: Passwords, password: str
) -> None:
    kept = passwords.hash(password)
    assert passwords.verify(kept, password)
    assert not passwords.verify(kept, password + "x")
    assert not passwords.verify(kept, "wrong")
    assert not passwords.outdated(kept)
    assert password == "" or password not in kept


def test_the_same_password_is_kept_as_another_text_each_time(passwords: Passwords) -> None:
    assert passwords.hash("right") != passwords.hash("right")


@pytest.mark.parametrize("password", ["x" * 1025, "ü" * 513, "lone \ud800", "\udc80"])
def test_what_is_too_long_or_no_text_is_refused_and_fits_nothing(
    passwords: Passwords, password: str
) -> None:
    with pytest.raises(InvalidValueError) as raised:
        passwords.hash(password)
    assert password not in "".join(traceback.format_exception(raised.value))
    assert not passwords.verify(KEPT, password)


# numbered: some are made at random, and each of several workers has to name them alike
@pytest.mark.parametrize("kept", GARBAGE, ids=range(len(GARBAGE)))
def test_a_text_that_is_no_hash_fits_no_password_and_is_outdated(
    passwords: Passwords, kept: str
) -> None:
    assert not passwords.verify(kept, "right")
    assert passwords.outdated(kept)


@given(st.text(), st.text())
def test_no_text_at_all_makes_verify_raise(kept: str, password: str) -> None:
    assert CHEAP.verify(kept, password) is False


@given(st.integers(0, len(KEPT) - 1), st.characters())
def test_a_hash_with_one_character_changed_fits_only_if_it_means_the_same(
    at: int, other: str
) -> None:
    changed = KEPT[:at] + other + KEPT[at + 1 :]
    assert CHEAP.verify(changed, "right") is (changed == KEPT)


def test_a_hash_made_with_other_parameters_fits_and_is_outdated() -> None:
    assert Argon2Passwords().verify(KEPT, "right")
    assert Argon2Passwords().outdated(KEPT)
    assert CHEAP.outdated(Argon2Passwords().hash("right"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to a size")
def test_too_little_memory_is_not_taken_for_a_wrong_password() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SHORT_OF_MEMORY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.splitlines() == [
        "the password was not hashed: Memory allocation error",
        "the password was not compared: Memory allocation error",
    ], ended.stderr
