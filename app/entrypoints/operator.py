"""What an operator's command has done in the shop's own tables, with the operator's own rights.

python -m app.entrypoints.operator reads one JSON object from standard input and writes one to
standard output. The environment states the stores as that of a function does; passwords stand in
no argument and in no environment.

{"do": "make admin", "username": …, "password": … or null}  →  {"done": "registered"}
{"do": "revoke admin", "username": …}                       →  {"done": "revoked"}
                                                            or {"refused": "why"}
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from app.bootstrap import ConfigurationError, Services
from app.domain.errors import DomainError
from app.ports.errors import PortError
from app.services.make_admin import make_admin, revoke_admin


def answer(asked: Mapping[str, Any], services: Services) -> dict[str, str]:
    """What became of it, or why nothing did."""
    try:
        if asked["do"] == "revoke admin":
            return {"done": revoke_admin(asked["username"], users=services.table("users"))}
        done = make_admin(
            asked["username"],
            asked["password"],
            users=services.table("users"),
            passwords=services.passwords,
            clock=services.clock,
        )
    except (DomainError, PortError) as error:
        return {"refused": str(error)}
    return {"done": done}


def main(environment: Mapping[str, str], asked: str) -> str:
    """The answer to what was read from standard input, as it is written."""
    try:
        return json.dumps(answer(json.loads(asked), Services(environment)))
    except ConfigurationError as error:
        return json.dumps({"refused": str(error)})


if __name__ == "__main__":
    sys.stdout.write(main(os.environ, sys.stdin.read()))
