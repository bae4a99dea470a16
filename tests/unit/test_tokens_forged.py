"""A token that this shop did not sign is refused, whatever is wrong with it, in the same words."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.common.tokens import JwtTokens
from app.adapters.memory.clock import MemoryClock
from app.adapters.memory.secrets import MemorySecrets
from app.ports.errors import InvalidValueError, TokenError
from app.ports.tokens import Claims

ROOT = Path(__file__).resolve().parents[2]
KEY = "kTxw0yq3l0cZ9k5rV1mZJm1cE2n8Q4u7b6a9D3f5G7h"
KID = hashlib.sha256(KEY.encode()).hexdigest()[:8]
NOW_S = 1_800_000_000
CLAIMS = Claims(user="anna", session="s-1", expires_at=NOW_S + 60)
STATED = {"sub": "anna", "sid": "s-1", "exp": NOW_S + 60, "iat": NOW_S}
BAD = r"^the token is not good$"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def tokens(secret: str = KEY) -> JwtTokens:
    return JwtTokens(MemorySecrets({"token-key": secret}), MemoryClock(NOW_S * 1000))


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: object, header: object = None, key: str = KEY) -> str:
    """A token whose signature is right, made without the library."""
    head = header if header is not None else {"alg": "HS256", "kid": KID}
    text = f"{part(head)}.{part(claims)}"
    return f"{text}.{part(hmac.digest(key.encode(), text.encode(), 'sha256'))}"


def test_what_the_forgeries_below_are_made_of_is_good() -> None:
    assert tokens().read(signed(STATED)) == CLAIMS


def test_a_token_says_who_until_when_and_since_when_and_nothing_else() -> None:
    token = tokens().issue(CLAIMS)
    assert jwt.decode(token, options={"verify_signature": False}) == STATED
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": KID}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in STATED.items() if key != name}


WRONG: dict[str, list[object]] = {
    "sub": ["", None, 7, ["anna"], {"a": 1}, True],
    "sid": ["", None, 7, [], False],
    "exp": [None, "9999999999", 1e10, True, [], 9.9e99],
    "iat": [None, "1", 1.5, False],
}
CLAIMS_THAT_ARE_NONE: list[object] = [
    *({**STATED, name: each} for name, values in WRONG.items() for each in values),
    *(without(each) for each in STATED),
    {},
    [],
    "anna",
    None,
    b"no json",
    b"\xff",
    b'{"sub":"anna","sid":"s-1","exp":NaN,"iat":1}',
    b"[" * 2000,
]


@pytest.mark.parametrize("claims", CLAIMS_THAT_ARE_NONE, ids=str)
def test_even_with_a_right_signature_each_claim_must_be_there_and_of_its_type(
    claims: object,
) -> None:
    with pytest.raises(TokenError, match=BAD):
        tokens().read(signed(claims))


ALGORITHMS: list[object] = ["none", "None", "", None, "HS512", "RS256", [], 7, {}]
KEY_IDS: list[object] = [None, 7, [], {}, "", "00000000", KID.upper(), KEY]
HEADERS_THAT_ARE_NONE: list[object] = [
    *({"alg": each, "kid": KID} for each in ALGORITHMS),
    *({"alg": "HS256", "kid": each} for each in KEY_IDS),
    {"kid": KID},
    {"alg": "HS256"},
    {"alg": "HS256", "kid": KID, "b64": False, "crit": ["b64"]},
    {"alg": "HS256", "kid": KID, "crit": ["exp"]},
    [],
    "HS256",
    b"null",
    b"no json",
    b"\xff",
    b"[" * 2900,
    b"1" * 2900,
]


@pytest.mark.parametrize("header", HEADERS_THAT_ARE_NONE, ids=lambda each: str(each)[:40])
def test_no_other_algorithm_key_id_or_extension_is_taken(header: object) -> None:
    with pytest.raises(TokenError, match=BAD):
        tokens().read(signed(STATED, header))


def test_an_unsigned_token_is_none() -> None:
    head = part({"alg": "none", "kid": KID})
    for end in ("", part(b"")):
        with pytest.raises(TokenError, match=BAD):
            tokens().read(f"{head}.{part(STATED)}.{end}")


def test_a_key_that_only_shares_the_id_does_not_sign() -> None:
    with pytest.raises(TokenError, match=BAD):
        tokens().read(signed(STATED, key=KEY[::-1]))


def test_each_character_counts() -> None:
    """Base64 has several texts for some bytes: only one of them is the token."""
    token = signed(STATED)
    for at, was in enumerate(token):
        for other in {DIGITS[(DIGITS.find(was) + 1) % 64], "A", ".", "\n", "="} - {was}:
            with pytest.raises(TokenError, match=BAD):
                tokens().read(token[:at] + other + token[at + 1 :])
    for around in (f"{token} ", f" {token}", f"{token}\n", f"{token}=", token[:-1], f"{token}.x"):
        with pytest.raises(TokenError, match=BAD):
            tokens().read(around)


def test_a_token_over_four_kilobytes_is_not_looked_at() -> None:
    long = signed({**STATED, "sub": "x" * 4000})
    assert len(long) > 4096
    with pytest.raises(TokenError, match=BAD):
        tokens().read(long)
    with pytest.raises(InvalidValueError, match="no token carries these claims"):
        tokens().issue(Claims(user="x" * 4000, session="s-1", expires_at=NOW_S))


@pytest.mark.parametrize(("user", "session"), [("", "s"), ("u", "")])
def test_nothing_is_signed_that_could_not_be_read_again(user: str, session: str) -> None:
    with pytest.raises(InvalidValueError):
        tokens().issue(Claims(user=user, session=session, expires_at=NOW_S))


def test_an_expired_token_is_told_apart_only_if_it_was_ours() -> None:
    old = {**STATED, "exp": NOW_S}
    with pytest.raises(TokenError, match=r"^the token has expired$"):
        tokens().read(signed(old))
    with pytest.raises(TokenError, match=BAD):
        tokens().read(signed(old, key=KEY[::-1]))


@given(st.text(max_size=200))
def test_any_text_is_refused_by_that_error_alone(text: str) -> None:
    with pytest.raises(TokenError, match=BAD):
        tokens().read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "b64", "crit", "x5u"]), JSON), JSON)
def test_any_header_and_any_claims_are_refused_by_that_error_alone(
    header: dict[str, object], claims: object
) -> None:
    for head in (header, {"alg": "HS256", "kid": KID, **header}):
        with pytest.raises(TokenError, match=BAD):
            tokens().read(signed(claims, head))


@pytest.mark.parametrize("token", [signed(STATED, {"alg": "HS256", "kid": "x"}), "x" * 50, "é"])
def test_the_error_tells_neither_reason_nor_token_nor_key(token: str) -> None:
    with pytest.raises(TokenError) as raised:
        tokens().read(token)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    shown = "".join(traceback.format_exception(raised.value))
    assert KEY not in shown
    assert token not in shown
    assert KEY not in repr(tokens())


def test_functions_without_tokens_do_not_load_what_signs_them() -> None:
    code = "import sys, app.bootstrap, app.ports.tokens; sys.exit('jwt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
