"""A secret of the shop in Secrets Manager."""

from typing import Final

import pulumi
from pulumi_aws import secretsmanager

from infra.aws.shared import Shared

_RECOVERY_DAYS: Final = 30


class Secret(pulumi.ComponentResource):
    """The place of a secret, which functions are granted to read.

    It owns no value: `make secret` writes that, so that neither the program nor the state has it.
    With deletion protection a deleted one can be brought back for 30 days, and keeps its name.
    """

    def __init__(
        self,
        name: str,
        secret_name: str,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Secret", name, None, opts)
        self.secret = secretsmanager.Secret(
            name,
            name=shared.names.secret(secret_name),
            description=f"make secret STACK={shared.names.stack} NAME={secret_name} writes it",
            recovery_window_in_days=_RECOVERY_DAYS if shared.settings.deletion_protection else 0,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = self.secret.arn
        self.register_outputs({"arn": self.arn})
