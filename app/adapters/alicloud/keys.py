"""The credentials of a function on Alibaba Cloud, and where it runs.

The runtime gives them as environment variables and renews them there: Python 3.12 has none in its
context. So they are read anew whenever a request is signed.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from app.ports.errors import UnavailableError

ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of one
TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - the same
REGION = "FC_REGION"


class Keys(NamedTuple):
    """What signs a request; `token` is "" for keys that do not expire."""

    id: str
    secret: str
    token: str = ""

    def __repr__(self) -> str:
        """Which key it is, and no more."""
        return f"Keys({self.id!r})"


def keys(environment: Mapping[str, str] | None = None) -> Keys:
    """The keys as they are now. Raises UnavailableError when there are none."""
    found = os.environ if environment is None else environment
    if not (found.get(ID) and found.get(SECRET)):
        raise UnavailableError(
            f"the environment has no {ID} and {SECRET}: give the function a role"
        )
    for name in (ID, SECRET, TOKEN):
        text = found.get(name, "")
        if not (text.isascii() and text.isprintable()):  # what sends it would tell it whole
            raise UnavailableError(f"{name} holds a line break, or what is no ASCII: no key does")
    return Keys(found[ID], found[SECRET], found.get(TOKEN, ""))


def region(environment: Mapping[str, str] | None = None) -> str:
    """Where the function runs. Raises UnavailableError when that is not told."""
    found = (os.environ if environment is None else environment).get(REGION)
    if not found:
        raise UnavailableError(f"the environment has no {REGION}: the runtime sets it")
    return found
