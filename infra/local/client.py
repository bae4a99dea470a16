"""Asking the supervisor, from the provider and from the commands."""

import json
import os
import socket
from typing import Any

from infra.errors import PlatformError
from infra.local.places import Places

_LIMIT_S = 75.0  # more than the supervisor takes for anything: it waits 31 s for calls to end


class NotRunningError(PlatformError):
    """No supervisor answers in this clone."""


class RefusedByCloudError(PlatformError):
    """The supervisor would not do it; says why."""


def ask(places: Places, do: str, timeout_s: float = _LIMIT_S, **arguments: Any) -> Any:
    """Have the supervisor of this clone do something, and return its answer.

    Raises NotRunningError when none answers, RefusedByCloudError when it says no.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            if places.socket.parent.lstat().st_uid != os.getuid():
                raise PermissionError  # whoever answers there is not ours
            link.connect(str(places.socket))
            link.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
            line = link.makefile("rb").readline()
    except TimeoutError as error:
        raise NotRunningError(
            f"the local cloud did not answer within {timeout_s:.0f} s; `make down` ends it"
        ) from error
    except OSError as error:
        raise NotRunningError("the local cloud is not running; `make up` brings it back") from error
    if not line.endswith(b"\n"):
        raise NotRunningError("the local cloud ended while it was asked; `make up` brings it back")
    answer = json.loads(line)
    if "error" in answer:
        raise RefusedByCloudError(answer["error"])
    return answer["ok"]
