"""An admin for the time of one command of this machine's shop, and no password of his.

python -m app.entrypoints.lent_admin reads one JSON object from standard input and writes one to
standard output. Its environment is that of the function `auth`.

{"do": "lend"}                      →  {"username": …, "token": …}
{"do": "take back", "username": …}  →  {"done": "gone"}
                                    or {"refused": "why"}
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from secrets import token_hex, token_urlsafe

from app.bootstrap import ConfigurationError, Services
from app.domain.errors import DomainError
from app.domain.users import username
from app.ports.errors import ConditionFailedError, PortError
from app.ports.tables import Condition
from app.services.accounts import ADMIN, OUTBOX, new_row
from app.services.sessions import open_session

# his id, each time: idempotency keys are an admin's own, and `make seed` uses its again
LENT = "0" * 26


def answer(asked: Mapping[str, str], services: Services) -> dict[str, str]:
    """Whom it lends, or that he is gone, or why nothing was done."""
    users = services.table("users")
    try:
        if asked["do"] == "take back":
            with suppress(ConditionFailedError):  # he is gone
                same = Condition("user_id", "=", LENT)
                users.delete({"username": asked["username"]}, when=[same])
            return {"done": "gone"}
        name = username(f"lent-{token_hex(8)}")  # nobody has it before him
        hashed = services.passwords.hash(token_urlsafe(32))  # of what nobody knows any more
        user = {
            **new_row(name, hashed, "", services.clock.now_ms()),
            "user_id": LENT,
            "role": ADMIN,
        }
        # he needs no welcome
        user = {column: value for column, value in user.items() if column not in OUTBOX}
        users.put(user, if_absent=True)
        token, _ends = open_session(
            user,
            sessions=services.table("sessions"),
            tokens=services.tokens,
            clock=services.clock,
        )
    except (DomainError, PortError) as error:
        return {"refused": str(error)}
    return {"username": name.key, "token": token}


def main(environment: Mapping[str, str], asked: str) -> str:
    """The answer to what was read from standard input, as it is written."""
    try:
        return json.dumps(answer(json.loads(asked), Services(environment)))
    except ConfigurationError as error:
        return json.dumps({"refused": str(error)})


if __name__ == "__main__":
    sys.stdout.write(main(os.environ, sys.stdin.read()))
