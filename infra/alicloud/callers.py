"""The keys of whoever runs a command, as the environment and the stack have them. Pure."""

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
_EITHER: Final = " or ".join(f"{key_id} and {secret}" for key_id, secret, _ in _VARIABLES)
# what else the provider takes: settings, by how they begin, and variables
_STATED: Final = tuple(
    f"alicloud:{each}"
    for each in ("accessKey", "profile", "ecsRoleName", "assumeRole", "credentialsUri")
)
_NAMED: Final = (
    "ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE",
    "ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA",
    "ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABACLOUD_ACCESS_KEY_ID",
)  # fmt: skip


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
    raise PlatformError(
        f"no keys of Alibaba Cloud are set, so {consequence}\n"
        f"→ set {_EITHER} (and the token beside them, for keys that expire)"
    )


def require(config: Mapping[str, object], environment: Mapping[str, str]) -> None:
    """Raise PlatformError where Pulumi's provider would find nothing to ask the cloud with.

    `config` is that of the stack's file: it, or a variable, may name a profile or a role instead.
    """
    if any(str(key).startswith(_STATED) for key in config) or any(map(environment.get, _NAMED)):
        return
    try:
        callers_keys(environment, "nothing was changed")
    except PlatformError as error:
        raise PlatformError(
            f"{error}, or name a profile: ALICLOUD_PROFILE, or alicloud:profile in the stack's file"
        ) from None
