"""CloudOps Orchestration Service (OOS), as far as it keeps secret parameters.

Its SDK (alibabacloud-oos20190601) takes half a second to load and 32 MB in a package, nearly all
of it for what is not used here: an asynchronous client, a scheduler, the ways to find credentials.
So the requests are made and signed here (`acs3`). The operations' parameters stand in the query, as
in the SDK.
"""

from collections.abc import Callable

from app.adapters.alicloud.acs3 import Service
from app.adapters.common.calls import Endpoint

VERSION = "2019-06-01"
MISSING = "EntityNotExists"
"""How the codes begin that say that there is no such parameter."""


class Oos(Service):
    """OOS at its endpoint; `keys` are (id, secret, token), asked for at each request."""

    def __init__(self, endpoint: Endpoint, keys: Callable[[], tuple[str, str, str]]) -> None:
        super().__init__(endpoint, keys, VERSION)


def endpoint_of(region: str) -> str:
    """Where OOS answers in a region."""
    return f"https://oos.{region}.aliyuncs.com"
