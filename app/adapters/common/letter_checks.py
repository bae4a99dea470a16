"""What no letter can have, whoever carries it: nothing is sent then, and nothing of it told."""

import re

from app.ports.errors import InvalidValueError
from app.ports.notifications import Letter

SUBJECT_MOST = 200
# what SMTP takes without any extension to it, quoted names left out: no blank, no control character
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)


def checked(letter: Letter) -> Letter:
    """The letter. Raises InvalidValueError for an address or a subject that no letter can have."""
    if _ADDRESS.fullmatch(letter.to) is None:
        raise InvalidValueError("a letter's address is none")
    one_line = letter.subject.isprintable() and len(letter.subject) <= SUBJECT_MOST
    if not (letter.subject and one_line):
        raise InvalidValueError("a letter's subject is no line of text")
    if not (letter.id.isascii() and letter.id.isprintable() and letter.id and " " not in letter.id):
        raise InvalidValueError("a letter's id is no plain text")
    return letter
