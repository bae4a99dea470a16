"""What all components of one stack on Alibaba Cloud are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.alicloud.names import Names
from infra.settings_alicloud import Alicloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The stack's names and tags, its region, and what its settings state of Alibaba Cloud.

    `account` is the account's id where the stack states it (alicloud:accountId); else resources
    tell it once they are there.
    """

    names: Names
    region: str
    settings: Alicloud
    account: str | None = None

    @property
    def tags(self) -> Mapping[str, str]:
        """What every resource that can have tags has."""
        return {"shop:stack": self.names.stack, "shop:managed-by": "pulumi"}
