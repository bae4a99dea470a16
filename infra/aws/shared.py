"""What all components of one stack on AWS are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.aws.names import Names
from infra.settings_aws import Aws


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The stack's names and tags, its region, and what its settings state of AWS."""

    names: Names
    region: str
    settings: Aws

    @property
    def tags(self) -> Mapping[str, str]:
        """What every resource that can have tags has."""
        return {"shop:stack": self.names.stack, "shop:managed-by": "pulumi"}
