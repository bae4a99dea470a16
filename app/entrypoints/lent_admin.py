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

from app.bootstrap import ConfigurationError, Services
from app.domain.errors import DomainError
from app.ports.errors import PortError
from app.services.lent_admins import lend, take_back
from app.services.sessions import open_session


def answer(asked: Mapping[str, str], services: Services) -> dict[str, str]:
    """Whom it lends, or that he is gone, or why nothing was done."""
    users = services.table("users")
    try:
        if asked["do"] == "take back":
            take_back(asked["username"], users=users)
            return {"done": "gone"}
        user = lend(users=users, passwords=services.passwords, clock=services.clock)
        token, _ends = open_session(
            user,
            sessions=services.table("sessions"),
            tokens=services.tokens,
            clock=services.clock,
        )
    except (DomainError, PortError) as error:
        return {"refused": str(error)}
    return {"username": str(user["username"]), "token": token}


def main(environment: Mapping[str, str], asked: str) -> str:
    """The answer to what was read from standard input, as it is written."""
    try:
        return json.dumps(answer(json.loads(asked), Services(environment)))
    except ConfigurationError as error:
        return json.dumps({"refused": str(error)})


if __name__ == "__main__":
    sys.stdout.write(main(os.environ, sys.stdin.read()))
