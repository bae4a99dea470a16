"""Names of hosts, as every cloud's settings take them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.settings_report import refusal

_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise refusal(
            "it is no name that a browser could ask for",
            "write a domain in lower case without https://, as shop.example.com",
        )
    return text


Host = Annotated[str, AfterValidator(_host)]
"""A domain, as shop.example.com."""
