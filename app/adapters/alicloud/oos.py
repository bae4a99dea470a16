"""The few operations of CloudOps Orchestration Service (OOS) that read and write secret parameters.

Its SDK (alibabacloud-oos20190601) takes half a second to load and 32 MB in a package, nearly all
of it for what is not used here: an asynchronous client, a scheduler, the ways to find credentials.
So the requests are made and signed here, by the signature that Alibaba Cloud documents for those
who do without its SDKs, ACS3-HMAC-SHA256:
https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
(the page's worked example is a test). The operations' parameters stand in the query, as in the SDK.
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from app.adapters.common.calls import PAUSES_S, Endpoint, again_and_again

VERSION = "2019-06-01"
MISSING = "EntityNotExists"
"""How the codes begin that say that there is no such parameter."""

_ALGORITHM = "ACS3-HMAC-SHA256"
_GOOD = 200


class RefusedError(Exception):
    """OOS refused an operation; nothing of what was sent stands in its words."""

    def __init__(self, action: str, code: str, status: int) -> None:
        super().__init__(f"{action}: {code} ({status})")
        self.action, self.code, self.status = action, code, status


class Oos:
    """OOS at its endpoint; `keys` are (id, secret, token), asked for at each request."""

    def __init__(self, endpoint: Endpoint, keys: Callable[[], tuple[str, str, str]]) -> None:
        self._endpoint = endpoint
        self._keys = keys

    def ask(
        self, action: str, asked: Mapping[str, str], pauses_s: Sequence[float] = PAUSES_S
    ) -> Any:
        """What an operation answers; it is repeated while there are pauses, if that may help.

        Raises RefusedError and SilentError.
        """
        query = canonical(asked)

        def attempt() -> Any:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            headers = signed(self._endpoint.host, action, VERSION, query, self._keys(), when)
            return self._endpoint.ask("POST", f"/?{query}", headers, b"")

        answer = again_and_again(attempt, pauses_s)
        try:
            found = json.loads(answer.body)
        except ValueError:
            found = {}
        if answer.status != _GOOD or not isinstance(found, dict):
            code = str(found.get("Code", "")) if isinstance(found, dict) else ""
            raise RefusedError(action, code, answer.status)
        return found


def endpoint_of(region: str) -> str:
    """Where OOS answers in a region."""
    return f"https://oos.{region}.aliyuncs.com"


def canonical(query: Mapping[str, str]) -> str:
    """A query in the one form that is signed."""
    pairs = sorted((quote(name, safe="~"), quote(text, safe="~")) for name, text in query.items())
    return "&".join(f"{name}={text}" for name, text in pairs)


def signed(
    host: str,
    action: str,
    version: str,
    query: str,
    keys: tuple[str, str, str],
    when: str,
    nonce: str = "",
) -> dict[str, str]:
    """The headers of a POST without a body. `when` is like 2026-01-31T12:00:00Z."""
    key_id, secret, token = keys
    nothing = sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": nothing,
        "x-acs-date": when,
        **({"x-acs-security-token": token} if token else {}),
        "x-acs-signature-nonce": nonce or token_hex(16),
        "x-acs-version": version,
    }
    names = ";".join(headers)  # they stand in order
    lines = "".join(f"{name}:{text}\n" for name, text in headers.items())
    request = f"POST\n/\n{query}\n{lines}\n{names}\n{nothing}"
    to_sign = f"{_ALGORITHM}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()
    credential = f"Credential={key_id},SignedHeaders={names},Signature={signature}"
    return {**headers, "authorization": f"{_ALGORITHM} {credential}"}
