"""An admin for the time of one command of this machine's shop, and no password of his.

python -m app.entrypoints.lent_admin reads one JSON object from standard input and writes one to
standard output. Its environment is that of the function `auth`.

{"do": "lend", "username": …}       →  {"token": …}
{"do": "take back", "username": …}  →  {"done": "revoked"}
                                    or {"refused": "why"}
"""

import json
import os
import sys
from collections.abc import Mapping
from secrets import token_urlsafe

from app.bootstrap import ConfigurationError, Services
from app.domain.errors import DomainError
from app.domain.users import username
from app.ports.errors import PortError
from app.services.make_admin import make_admin, revoke_admin
from app.services.sessions import open_session


def answer(asked: Mapping[str, str], services: Services) -> dict[str, str]:
    """The session's token, or what became of the role, or why nothing did."""
    users = services.table("users")
    try:
        if asked["do"] == "take back":
            return {"done": revoke_admin(asked["username"], users=users)}
        unknown = token_urlsafe(32)  # to us as well, as soon as this ends
        make_admin(
            asked["username"],
            unknown,
            users=users,
            passwords=services.passwords,
            clock=services.clock,
        )
        user = users.get({"username": username(asked["username"]).key})
        if user is None:
            return {"refused": "the admin is gone: try again"}
        token, _ends = open_session(
            user,
            sessions=services.table("sessions"),
            tokens=services.tokens,
            clock=services.clock,
        )
    except (DomainError, PortError) as error:
        return {"refused": str(error)}
    return {"token": token}


def main(environment: Mapping[str, str], asked: str) -> str:
    """The answer to what was read from standard input, as it is written."""
    try:
        return json.dumps(answer(json.loads(asked), Services(environment)))
    except ConfigurationError as error:
        return json.dumps({"refused": str(error)})


if __name__ == "__main__":
    sys.stdout.write(main(os.environ, sys.stdin.read()))
