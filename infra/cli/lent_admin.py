"""An admin whom the local shop lends to a command: he is there while it runs, without a password.

Whoever may write the shop's files could be one anyway. His name is another one each time, that
nobody can have registered before. One whom a killed command leaves behind, with a password and a
session that nobody knows, the sweep takes away after an hour.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from infra.cli.shop_http import Shop
from infra.cli.stack import ROOT
from infra.errors import PlatformError
from infra.local.client import ask
from infra.local.places import Places

_MODULE = "app.entrypoints.lent_admin"
_LIMIT_S = 60


def local_address(running: Mapping[str, Any]) -> str:
    """Where the shop that runs here answers. Raises PlatformError."""
    gateway = running["gateway"]
    if gateway is None:
        raise PlatformError("the local cloud runs and has no gateway\n→ make up makes one")
    return f"http://127.0.0.1:{gateway['port']}"


@contextmanager
def lent_admin(places: Places) -> Iterator[Shop]:
    """The shop that runs here, asked as an admin. Raises PlatformError."""
    running: dict[str, Any] = ask(places, "describe")
    auth = running["functions"].get("auth")
    if auth is None:
        raise PlatformError("the shop that runs here has no users, so nobody can be its admin")
    address = local_address(running)
    variables = {**os.environ, **auth["environment"]}
    lent = _asked({"do": "lend"}, variables)
    with closing(Shop(address, lent["token"])) as shop:
        try:
            yield shop
        finally:
            try:
                shop.ask("DELETE", "/sessions/current")
            finally:
                _asked({**lent, "do": "take back"}, variables)


def _asked(wanted: Mapping[str, str], variables: Mapping[str, str]) -> Mapping[str, str]:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", _MODULE],
            input=json.dumps(wanted),
            env=dict(variables),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PlatformError(f"the shop's own files did not answer within {_LIMIT_S} s") from None
    if ended.returncode:
        raise PlatformError(f"the shop's own files cannot be used\n{ended.stderr.rstrip()}")
    found: dict[str, str] = json.loads(ended.stdout)
    if "refused" in found:
        raise PlatformError(f"the shop lends no admin: {found['refused']}")
    return found
