"""What an operator's command has done in the shop's own tables, with the operator's own rights.

python -m app.entrypoints.operator reads one JSON object from standard input and writes one to
standard output. The environment states the stores as that of a function does; passwords stand in
no argument and in no environment.

{"do": "look", "username": …}                      →  {"done": "unknown"} or
                                                      {"done": "admin", "user": …, "since": …}
{"do": "make admin", "username": …, "password": …} →  {"done": "registered"}
{"do": "promote", "username": …, "user": …}        →  {"done": "promoted"}
{"do": "revoke admin", "username": …}              →  {"done": "revoked"}
                                                   or {"refused": "why"}

`since` is a day (UTC). The audit trail has the account that the process runs as.
"""

import json
import os
import pwd
import sys
from collections.abc import Mapping
from typing import Any

from app.bootstrap import ConfigurationError, Services
from app.domain.days import day_of
from app.domain.errors import DomainError
from app.ports.errors import PortError
from app.services.make_admin import make_admin, promote, revoke_admin, who_has


def answer(asked: Mapping[str, Any], services: Services, operator: str) -> dict[str, str]:
    """What became of it, or why nothing did; `operator` is the name of his account."""
    name = asked["username"]
    try:
        users = services.table("users")
        match asked["do"]:
            case "look":
                there = who_has(name, users=users)
                if there is None:
                    return {"done": "unknown"}
                return {"done": there.role, "user": there.user, "since": day_of(there.since)}
            case "promote":
                done = promote(
                    name, asked["user"], users=users, clock=services.clock, operator=operator
                )
                return {"done": done}
            case "revoke admin":
                done = revoke_admin(name, users=users, clock=services.clock, operator=operator)
                return {"done": done}
        done = make_admin(
            name,
            asked["password"],
            users=users,
            passwords=services.passwords,
            clock=services.clock,
            operator=operator,
        )
    except (DomainError, PortError) as error:
        return {"refused": str(error)}
    return {"done": done}


def account_of(uid: int) -> str:
    """What this machine calls who has this number; a container may have no name for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def main(environment: Mapping[str, str], asked: str) -> str:
    """The answer to what was read from standard input, as it is written."""
    try:
        return json.dumps(answer(json.loads(asked), Services(environment), account_of(os.getuid())))
    except ConfigurationError as error:
        return json.dumps({"refused": str(error)})


if __name__ == "__main__":
    sys.stdout.write(main(os.environ, sys.stdin.read()))
