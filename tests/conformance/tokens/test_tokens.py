"""Tokens over every secret store: signed by the newest key, good while their key is kept."""

from pathlib import Path

import pytest

from app.adapters.common.tokens import JwtTokens
from app.adapters.memory.clock import MemoryClock
from app.ports.errors import AccessDeniedError, ResourceMissingError, TokenError, UnavailableError
from app.ports.tokens import Claims, Tokens
from infra.cli.secret_values import random_text, rotated
from tests.conformance.secrets.stores import KINDS, Store
from tests.conformance.secrets.stores import store as store_of

NOW_S = 1_800_000_000
CLAIMS = Claims(user="grün", session="01J0000000000000000000000S", expires_at=NOW_S + 3600)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Store:
    made = store_of(kind, tmp_path, "token-key")
    made.put("token-key", random_text())
    return made


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(NOW_S * 1000)


def rotate(store: Store) -> None:
    """What `make secret NAME=token-key ROTATE=1` does."""
    store.put("token-key", rotated(store.counting.inner.fresh("token-key"), random_text()).text)


def test_a_token_states_what_it_was_made_of(store: Store, clock: MemoryClock) -> None:
    tokens = JwtTokens(store.secrets, clock)
    assert tokens.read(tokens.issue(CLAIMS)) == CLAIMS


def test_any_instance_reads_what_another_has_signed(
    store: Store, kind: str, tmp_path: Path, clock: MemoryClock
) -> None:
    token = JwtTokens(store.secrets, clock).issue(CLAIMS)
    other = store_of(kind, tmp_path, "token-key")
    other.put("token-key", store.counting.inner.fresh("token-key"))
    assert JwtTokens(other.secrets, clock).read(token) == CLAIMS


def test_a_token_ends_at_its_second_by_the_given_clock(store: Store, clock: MemoryClock) -> None:
    tokens = JwtTokens(store.secrets, clock)
    token = tokens.issue(CLAIMS)
    clock.advance(3600 * 1000 - 1)
    assert tokens.read(token) == CLAIMS
    clock.advance(1)
    with pytest.raises(TokenError, match=r"^the token has expired$"):
        tokens.read(token)
    clock.advance(-1)
    assert tokens.read(token) == CLAIMS


def test_a_token_is_good_over_one_rotation_and_no_more_after_the_second(
    store: Store, clock: MemoryClock
) -> None:
    tokens: Tokens = JwtTokens(store.secrets, clock)
    first = tokens.issue(CLAIMS)
    rotate(store)
    store.wait(300)
    second = tokens.issue(CLAIMS)
    assert first.partition(".")[0] != second.partition(".")[0], "the newest key signs"
    assert tokens.read(first) == CLAIMS
    assert tokens.read(second) == CLAIMS
    rotate(store)
    store.wait(300)
    assert tokens.read(second) == CLAIMS
    with pytest.raises(TokenError, match=r"^the token is not good$"):
        tokens.read(first)


def test_an_instance_that_has_not_seen_the_rotation_yet_reads_new_tokens_at_once(
    store: Store, kind: str, tmp_path: Path, clock: MemoryClock
) -> None:
    behind = JwtTokens(store.secrets, clock)
    behind.issue(CLAIMS)
    rotate(store)
    ahead = store_of(kind, tmp_path, "token-key")
    ahead.put("token-key", store.counting.inner.fresh("token-key"))
    assert behind.read(JwtTokens(ahead.secrets, clock).issue(CLAIMS)) == CLAIMS


def test_forged_tokens_do_not_flood_the_store(store: Store, clock: MemoryClock) -> None:
    tokens = JwtTokens(store.secrets, clock)
    good = tokens.issue(CLAIMS)
    store.put("token-key", random_text())
    stranger = store_of("memory", Path("/nowhere"), "token-key")
    stranger.put("token-key", random_text())
    forged = JwtTokens(stranger.secrets, clock).issue(CLAIMS)
    for _ in range(200):
        with pytest.raises(TokenError, match=r"^the token is not good$"):
            tokens.read(forged)
    assert store.counting.asked == 2
    with pytest.raises(TokenError):
        tokens.read(good)  # its key is gone, as the forged one's question has shown


def test_without_the_grant_there_are_no_tokens(
    kind: str, tmp_path: Path, clock: MemoryClock
) -> None:
    tokens = JwtTokens(store_of(kind, tmp_path).secrets, clock)
    with pytest.raises(AccessDeniedError, match="no grant to read the secret token-key"):
        tokens.issue(CLAIMS)


def test_a_missing_key_is_made_locally_and_said_to_be_missing_elsewhere(
    tmp_path: Path, clock: MemoryClock
) -> None:
    local = JwtTokens(store_of("local", tmp_path, "token-key").secrets, clock)
    assert local.read(local.issue(CLAIMS)) == CLAIMS
    with pytest.raises(ResourceMissingError):
        JwtTokens(store_of("memory", tmp_path, "token-key").secrets, clock).issue(CLAIMS)


@pytest.mark.parametrize("weak", ["short", "x" * 42, "x" * 43 + "\nshort", "ü" * 43, "a b " * 20])
def test_a_secret_that_is_no_key_signs_nothing_and_is_not_told(
    store: Store, clock: MemoryClock, weak: str
) -> None:
    store.put("token-key", weak)
    with pytest.raises(UnavailableError, match="each line of it must be a key of 43") as raised:
        JwtTokens(store.secrets, clock).issue(CLAIMS)
    assert "xxx" not in str(raised.value)
    assert "short" not in str(raised.value)


def test_rotating_a_broken_secret_mends_it(store: Store, clock: MemoryClock) -> None:
    store.put("token-key", "broken\nlines")
    rotate(store)
    tokens = JwtTokens(store.secrets, clock)
    assert tokens.read(tokens.issue(CLAIMS)) == CLAIMS
