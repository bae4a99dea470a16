"""Users' names and passwords: which are taken, and when two names are the same one."""

import re
import unicodedata
from dataclasses import dataclass

from app.domain.errors import InvalidError

USERNAME_LEAST, USERNAME_MOST = 3, 64
PASSWORD_LEAST, PASSWORD_MOST = 8, 128
EMAIL_MOST = 254

# What is sent over SMTP without any extension to it, quoted names left out.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
)
# Whoever registers takes ASCII: no letter of it passes for another script's.
USERNAME = r"^[A-Za-z0-9][A-Za-z0-9._@+-]*[A-Za-z0-9]$"
_USERNAME = re.compile(USERNAME, re.ASCII)
_BETWEEN = frozenset("._-@+")
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_MARKS = frozenset({"Mn", "Mc"})  # vowel signs and accents: many scripts cannot be written without
# letters and marks by category that nobody sees: two names would look alike
_UNSEEN = frozenset(
    {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u3164", "\uffa0"}
    | {chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))}
    | {chr(code) for code in range(0xE0100, 0xE01F0)}
)


@dataclass(frozen=True, slots=True, repr=False)
class Username:
    """A name as it was typed, and the key under which it is the same as its other spellings."""

    shown: str
    key: str


def new_username(typed: str) -> Username:
    """The name, if one can be called so from now on: ASCII, so that none looks like another.

    Raises InvalidError, whose text does not repeat it.
    """
    _check_length(typed)
    if _USERNAME.fullmatch(typed) is None:
        raise InvalidError(
            "a username is of the letters a to z, digits and . _ - @ +, and begins and ends with "
            "a letter or a digit",
            "$.username",
        )
    return Username(typed, folded(typed))


def username(typed: str) -> Username:
    """The name, if somebody may be called so: names of before were of any script.

    Raises InvalidError, whose text does not repeat it.
    """
    key = folded(typed)
    for text in (typed, key):
        _check_length(text)
    if not all(_allowed(character) for character in key):
        raise InvalidError(
            "a username is of letters and digits of any script and of . _ - @ +", "$.username"
        )
    if not (_is_letter(key[0]) and key[-1] not in _BETWEEN):
        raise InvalidError("a username begins and ends with a letter or a digit", "$.username")
    return Username(typed, key)


def folded(typed: str) -> str:
    """One spelling for all that Unicode calls alike but for case and form (its rule D146)."""
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", typed).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def new_password(typed: str, field: str = "$.password") -> str:
    """The password as it is hashed, if it will do. Raises InvalidError without repeating it."""
    form = same_password(typed)
    for text in (typed, form):
        if not PASSWORD_LEAST <= len(text) <= PASSWORD_MOST:
            raise InvalidError(
                f"a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters", field
            )
    if any(unicodedata.category(character) == "Cs" for character in form):
        raise InvalidError("a password is Unicode text: this holds half a character", field)
    return form


def email(typed: str, field: str = "$.email") -> str:
    """The address, if a letter can be sent to it; "" is none. Raises InvalidError."""
    if typed and (len(typed) > EMAIL_MOST or _EMAIL.fullmatch(typed) is None):
        raise InvalidError("an address of e-mail is as tea@house.example", field)
    return typed


def same_password(typed: str) -> str:
    """One form for what keyboards send in several: RFC 8265's OpaqueString is NFC as well."""
    return unicodedata.normalize("NFC", typed)


def _check_length(name: str) -> None:
    if not USERNAME_LEAST <= len(name) <= USERNAME_MOST:
        raise InvalidError(
            f"a username has {USERNAME_LEAST} to {USERNAME_MOST} characters", "$.username"
        )


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) in _LETTERS and character not in _UNSEEN


def _allowed(character: str) -> bool:
    if character in _UNSEEN:
        return False
    category = unicodedata.category(character)
    return character in _BETWEEN or category in _LETTERS or category in _MARKS
