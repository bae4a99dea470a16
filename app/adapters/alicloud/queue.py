"""A queue's sending end on Simple Message Queue (MNS).

Its SDK waits for ever where an endpoint of https does not answer, has one connection for all
threads, and writes a carriage return as XML reads a line feed. So the one request is made and
signed here:
https://www.alibabacloud.com/help/en/mns/developer-reference/sign-requests
https://www.alibabacloud.com/help/en/mns/developer-reference/sendmessage
"""

import hmac
import re
from binascii import b2a_base64
from collections.abc import Callable
from functools import cached_property

from app.adapters.alicloud import answers
from app.adapters.alicloud.keys import Keys, keys
from app.adapters.common.calls import Answer, Endpoint, SilentError, again_and_again
from app.ports.adapters import Stated

_SERVICE, _OPERATION = "MNS", "SendMessage"
_VERSION = "2015-06-06"
_TYPE = "text/xml;charset=UTF-8"
_XMLNS = "http://mns.aliyuncs.com/doc/v1/"
# what XML has another meaning for; it would read a carriage return as a line feed
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_CODE = re.compile(rb"<Code>([\w.]{1,80})</Code>", re.ASCII)
_MADE = 201


class MnsQueue:
    """The queue that MNS calls `at`; `endpoint` makes the connection when one is needed."""

    def __init__(
        self, at: str, endpoint: Callable[[], Endpoint], keys: Callable[[], Keys] = keys
    ) -> None:
        self._target = f"/queues/{at}/messages"
        self._made = endpoint
        self._keys = keys

    @cached_property
    def _endpoint(self) -> Endpoint:
        return self._made()

    def send(self, body: str) -> None:
        """Have MNS take a text as it is; when an answer is lost, it may take it twice."""
        from email.utils import formatdate  # noqa: PLC0415 - a cold start would pay

        message = _message(body)

        def attempt() -> Answer:
            headers = signed("POST", self._target, self._keys(), formatdate(usegmt=True))
            return self._endpoint.ask("POST", self._target, headers, message)

        try:
            answer = again_and_again(attempt)
        except SilentError as error:
            raise answers.silent(_SERVICE, error) from error
        if answer.status != _MADE:
            found = _CODE.search(answer.body)
            code = found[1].decode() if found else ""
            raise answers.refused(_SERVICE, _OPERATION, code, answer.status)


def signed(method: str, target: str, keys: Keys, when: str) -> dict[str, str]:
    """The headers of a request; `when` is as HTTP writes it."""
    to_sign = f"{method}\n\n{_TYPE}\n{when}\nx-mns-version:{_VERSION}\n{target}"
    digest = hmac.digest(keys.secret.encode(), to_sign.encode(), "sha1")
    return {
        "authorization": f"MNS {keys.id}:{b2a_base64(digest, newline=False).decode()}",
        "content-type": _TYPE,
        "date": when,
        "x-mns-version": _VERSION,
        **({"security-token": keys.token} if keys.token else {}),
    }


def open_queue(name: str, stated: Stated) -> MnsQueue:  # noqa: ARG001 - `at` is its name there
    """The queue that MNS calls `stated["at"]`, at `stated["endpoint"]`; nothing is sent yet."""
    return MnsQueue(stated["at"], lambda: Endpoint(stated["endpoint"]))


def _message(body: str) -> bytes:
    """The request for a text, not base64: a third more would not fit into what MNS takes."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Message xmlns="{_XMLNS}">'
        f"<MessageBody>{body.translate(_ESCAPED)}</MessageBody></Message>"
    ).encode()
