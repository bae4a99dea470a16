"""The keys of whoever runs a command, as the environment has them. Pure."""

from collections.abc import Mapping
from typing import Final

from infra.errors import PlatformError

_VARIABLES: Final = (
    # as functions have them, or as Pulumi's provider takes them
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
)


def callers_keys(environment: Mapping[str, str], consequence: str) -> tuple[str, str, str]:
    """The key's id, its secret, and its token, "" for one that does not expire.

    Raises PlatformError without them, which says the `consequence`, and for what can be no key.
    """
    for names in _VARIABLES:
        key_id, secret, token = (environment.get(name, "") for name in names)
        if not (key_id and secret):
            continue
        for name in names:
            text = environment.get(name, "")
            if not (text.isascii() and text.isprintable()):  # what sends it would tell it whole
                raise PlatformError(
                    f"{name} holds a line break, or what is no ASCII, which no key does\n"
                    "→ set it again, without what stands at the end of a line"
                )
        return key_id, secret, token
    either = " or ".join(f"{key_id} and {secret}" for key_id, secret, _ in _VARIABLES)
    raise PlatformError(
        f"no keys of Alibaba Cloud are set, so {consequence}\n"
        f"→ set {either} (and the token beside them, for keys that expire)"
    )
