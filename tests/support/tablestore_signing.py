"""How TableStore's requests and answers are signed, by either of the SDK's signatures.

The pages are help/en/tablestore/developer-reference/http-request and http-response; the SDK checks
the answers, this the requests.
"""

import base64
import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.adapters.alicloud.keys import Keys
from tests.support.tablestore_wire import Credentials, auth


def rightly(path: str, headers: Mapping[str, str], keys: Keys) -> bool:
    """Whether a request is signed with these; names of `headers` are in lower case."""
    plain = {name: value for name, value in headers.items() if not _signature(name)}
    signer, context = _signer(headers, keys)
    signer.make_request_signature_and_add_headers(path, plain, context)
    given, right = ([v for k, v in each.items() if _signature(k)] for each in (headers, plain))
    return bool(given == right)


def signed(path: str, asked: Mapping[str, str], body: bytes, keys: Keys) -> dict[str, str]:
    """The headers of an answer."""
    headers = {
        "x-ots-contentmd5": md5(body),
        "x-ots-contenttype": "protocol buffer",
        "x-ots-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "x-ots-requestid": str(uuid.uuid4()),
    }
    signer, context = _signer(asked, keys)
    signature = signer.make_response_signature(path, headers, signer.get_signing_key(context))
    return {**headers, "Authorization": f"OTS {keys.id}:{signature}"}


def _signer(headers: Mapping[str, str], keys: Keys) -> tuple[Any, Any]:
    """What signs as the request does, and what with."""
    context = auth.RequestContext(Credentials(keys.id, keys.secret))
    if "x-ots-signregion" not in headers:
        return auth.SignV2("utf8"), context
    date = headers["x-ots-signdate"]
    context.set_sign_date(date)
    return auth.SignV4("utf8", region=headers["x-ots-signregion"], sign_date=date), context


def _signature(name: str) -> bool:
    return name in {"x-ots-signature", "x-ots-signaturev4"}


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324 - the protocol's
