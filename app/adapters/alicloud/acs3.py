"""Operations of Alibaba Cloud's services by the signature that most of them share.

It is the one that Alibaba Cloud documents for those who do without its SDKs, ACS3-HMAC-SHA256:
https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
(the page's worked example is a test).
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import quote

from app.adapters.common.calls import PAUSES_S, Endpoint, again_and_again

_ALGORITHM = "ACS3-HMAC-SHA256"
_GOOD = 200


class Request(NamedTuple):
    """What is asked: a query in its canonical form, where, and a body of JSON or none."""

    query: str = ""
    method: str = "POST"
    path: str = "/"
    body: bytes = b""


class RefusedError(Exception):
    """An operation was refused; nothing of what was sent stands in its words."""

    def __init__(self, action: str, code: str, status: int) -> None:
        super().__init__(f"{action}: {code} ({status})")
        self.action, self.code, self.status = action, code, status


class Service:
    """A version of a service at its endpoint; `keys` are (id, secret, token), asked each time."""

    def __init__(
        self, endpoint: Endpoint, keys: Callable[[], tuple[str, str, str]], version: str
    ) -> None:
        self._endpoint = endpoint
        self._keys = keys
        self._version = version

    def ask(
        self,
        action: str,
        asked: Mapping[str, str] | None = None,
        pauses_s: Sequence[float] = PAUSES_S,
        *,
        at: tuple[str, str] = ("POST", "/"),
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """What an operation answers; it is repeated while there are pauses, if that may help.

        `asked` stands in the query, `at` is the method and the path, `body` is sent as JSON.
        Raises RefusedError and SilentError.
        """
        sent = b"" if body is None else json.dumps(body).encode()
        request = Request(canonical(asked or {}), *at, sent)
        target = f"{request.path}?{request.query}" if request.query else request.path

        def attempt() -> Any:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            headers = signed(
                self._endpoint.host, action, self._version, request, self._keys(), when
            )
            return self._endpoint.ask(request.method, target, headers, sent)

        answer = again_and_again(attempt, pauses_s)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = {}
        if answer.status != _GOOD or not isinstance(found, dict):
            code = str(found.get("Code", "")) if isinstance(found, dict) else ""
            raise RefusedError(action, code, answer.status)
        return found


def canonical(query: Mapping[str, str]) -> str:
    """A query in the one form that is signed."""
    pairs = sorted((quote(name, safe="~"), quote(text, safe="~")) for name, text in query.items())
    return "&".join(f"{name}={text}" for name, text in pairs)


def signed(
    host: str,
    action: str,
    version: str,
    request: Request,
    keys: tuple[str, str, str],
    when: str,
    nonce: str = "",
) -> dict[str, str]:
    """The headers of a request. `when` is like 2026-01-31T12:00:00Z."""
    key_id, secret, token = keys
    digest = sha256(request.body).hexdigest()
    headers = {
        **({"content-type": "application/json; charset=utf-8"} if request.body else {}),
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": when,
        **({"x-acs-security-token": token} if token else {}),
        "x-acs-signature-nonce": nonce or token_hex(16),
        "x-acs-version": version,
    }
    names = ";".join(headers)  # they stand in order
    lines = "".join(f"{name}:{text}\n" for name, text in headers.items())
    whole = f"{request.method}\n{request.path}\n{request.query}\n{lines}\n{names}\n{digest}"
    to_sign = f"{_ALGORITHM}\n{sha256(whole.encode()).hexdigest()}"
    signature = hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()
    credential = f"Credential={key_id},SignedHeaders={names},Signature={signature}"
    return {**headers, "authorization": f"{_ALGORITHM} {credential}"}
