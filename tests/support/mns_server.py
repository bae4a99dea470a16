"""Simple Message Queue (MNS) as far as it is used: queues in memory, behind its signature.

https://www.alibabacloud.com/help/en/mns/developer-reference/request-protocol-description (the
signature, 15 minutes), …/sendmessage, …/receivemessage, …/deletemessage, and the error codes of
…/syntax-of-error-responses. The page of SendMessage wants bodies in base64; help/en/mns/use-cases/
message-body-encoding-selection-guide wants them raw where they hold nothing that XML cannot.
"""

import hmac
import re
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import md5
from secrets import token_hex
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from app.adapters.alicloud.keys import Keys
from tests.support.loopback import KEYS, Answered, Asked, serving

_NS = "http://mns.aliyuncs.com/doc/v1/"
_PATH = re.compile(r"/queues/([A-Za-z0-9][A-Za-z0-9-]{0,119})(/messages)?", re.ASCII)
_SKEW_S = 15 * 60
_BODY_BYTES = 64 * 1024
_TYPE = {"content-type": "text/xml;charset=UTF-8"}


class DeniedError(Exception):
    """MNS's code, and its status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass
class Message:
    """One message of a queue."""

    body: str
    id: str = field(default_factory=lambda: token_hex(16).upper())
    enqueued: float = field(default_factory=time.time)
    visible: float = 0.0
    received: int = 0
    handle: str = ""


@dataclass
class Mns:
    """What the server has; `asked` is every request that it took."""

    url: str = ""
    keys: Keys = KEYS
    visibility_s: float = 30.0
    queues: dict[str, list[Message]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    refusing: list[tuple[str, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Answered:
        try:
            self._check(asked)
            with self.lock:
                self.asked.append(asked)
                return self._answer(asked)
        except DeniedError as denied:
            return Answered(
                denied.status,
                _xml("Error", Code=denied.code, Message="As it is.", RequestId="1", HostId="test"),
                {**_TYPE, "x-mns-request-id": "1"},
            )

    def _answer(self, asked: Asked) -> Answered:
        if self.refusing:
            raise DeniedError(*self.refusing.pop(0))
        found = _PATH.fullmatch(asked.path)
        if found is None:
            raise DeniedError("InvalidRequestURL", 400)
        if found[2] is None:
            return self._queue(asked.method, found[1])
        if found[1] not in self.queues:
            raise DeniedError("QueueNotExist", 404)
        messages = self.queues[found[1]]
        match asked.method:
            case "POST":
                return _sent(messages, asked.body)
            case "GET":
                return self._received(messages)
            case "DELETE":
                return _deleted(messages, asked.query.get("ReceiptHandle", ""))
        raise DeniedError("InvalidRequestURL", 400)

    def _queue(self, method: str, name: str) -> Answered:
        if method == "PUT":
            self.queues.setdefault(name, [])
            return Answered(201, headers={"location": f"{self.url}/queues/{name}"})
        if method == "DELETE":
            self.queues.pop(name, None)
            return Answered(204)
        raise DeniedError("InvalidRequestURL", 400)

    def _received(self, messages: list[Message]) -> Answered:
        now = time.time()
        found = next((each for each in messages if each.visible <= now), None)
        if found is None:
            raise DeniedError("MessageNotExist", 404)
        found.visible, found.handle = now + self.visibility_s, token_hex(8)
        found.received += 1
        told = {
            "MessageId": found.id,
            "ReceiptHandle": found.handle,
            "MessageBody": found.body,
            "MessageBodyMD5": _md5(found.body),
            "EnqueueTime": _ms(found.enqueued),
            "NextVisibleTime": _ms(found.visible),
            "FirstDequeueTime": _ms(now),
            "DequeueCount": str(found.received),
            "Priority": "8",
        }
        return Answered(200, _xml("Message", **told), _TYPE)

    def _check(self, asked: Asked) -> None:
        """Raises DeniedError unless it was signed with the key, a moment ago."""
        headers = asked.headers
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        key_id, _, given = rest.partition(":")
        if scheme != "MNS" or headers.get("x-mns-version") != "2015-06-06":
            raise DeniedError("InvalidAuthorizationHeader", 400)
        if key_id != self.keys.id:
            raise DeniedError("InvalidAccessKeyId", 403)
        if headers.get("security-token", "") != self.keys.token:
            raise DeniedError("InvalidSecurityToken", 403)
        own = "".join(
            f"{name}:{text}\n" for name, text in sorted(headers.items()) if name[:6] == "x-mns-"
        )
        query = f"?{asked.raw_query}" if asked.raw_query else ""
        to_sign = "\n".join(
            [
                asked.method,
                headers.get("content-md5", ""),
                headers.get("content-type", ""),
                headers.get("date", ""),
                f"{own}{asked.raw_path}{query}",
            ]
        )
        right = b64encode(hmac.digest(self.keys.secret.encode(), to_sign.encode(), "sha1"))
        if not hmac.compare_digest(right, given.encode()):
            raise DeniedError("SignatureDoesNotMatch", 403)
        if abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) > _SKEW_S:
            raise DeniedError("TimeExpired", 408)


@contextmanager
def mns_server() -> Iterator[Mns]:
    """A server without queues."""
    made = Mns()
    with serving(made.answer) as made.url:
        yield made


def _sent(messages: list[Message], request: bytes) -> Answered:
    try:
        body = (
            ET.fromstring(request).findtext(  # noqa: S314 - of a test
                f"{{{_NS}}}MessageBody"
            )
            or ""
        )
    except ET.ParseError as error:
        raise DeniedError("MalformedXML", 400) from error
    if not 1 <= len(body.encode()) <= _BODY_BYTES:
        raise DeniedError("InvalidArgument", 400)
    messages.append(Message(body))
    told = _xml("Message", MessageId=messages[-1].id, MessageBodyMD5=_md5(body))
    return Answered(201, told, _TYPE)


def _deleted(messages: list[Message], handle: str) -> Answered:
    found = [each for each in messages if handle and each.handle == handle]
    if not found:
        raise DeniedError("MessageNotExist", 404)
    messages.remove(found[0])
    return Answered(204)


def _xml(root: str, **texts: str) -> bytes:
    inner = "".join(
        f"<{name}>{escape(text, {chr(13): '&#13;'})}</{name}>" for name, text in texts.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{_NS}">{inner}</{root}>'.encode()


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _ms(seconds: float) -> str:
    return str(int(seconds * 1000))
