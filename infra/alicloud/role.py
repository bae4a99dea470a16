"""The role of one function: who it is when it calls other services."""

import re
from collections.abc import Callable
from typing import Final

import pulumi
from pulumi_alicloud import ram

from infra import granted
from infra.alicloud.places import Places
from infra.alicloud.shared import Shared
from infra.errors import PlatformError


class Role(pulumi.ComponentResource):
    """A RAM role that one service may take, with one policy of its own.

    Where the stack does not state the account, its ARN tells it, so nothing else has to ask.
    `policy` makes the document of the places in that account.
    """

    def __init__(
        self,
        name: str,
        called: str,
        service: str,
        policy: Callable[[Places], str],
        shared: Shared,
        *,
        about: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`called` is its name in the account, `service` as `fc`, `about` its description."""
        super().__init__("shop:alicloud:Role", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.role = ram.Role(
            name,
            role_name=called,
            description=about,
            assume_role_policy_document=trust(service),
            force=True,
            tags=shared.tags,
            opts=own,
        )
        self.arn = self.role.arn
        stated = shared.account
        self.places: pulumi.Output[Places] = (
            pulumi.Output.from_input(stated) if stated else self.arn.apply(account)
        ).apply(lambda found: Places(shared.names, shared.region, found))
        self.policy = ram.Policy(
            f"{name}-policy",
            policy_name=called,
            description=about,
            policy_document=self.places.apply(policy),
            # RAM keeps five versions of a policy, and each change makes one
            rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
            force=True,
            tags=shared.tags,
            opts=own,
        )
        self.attachment = ram.RolePolicyAttachment(
            f"{name}-grants",
            role_name=self.role.role_name,
            policy_name=self.policy.policy_name,
            policy_type=_CUSTOM,
            opts=own,
        )
        self.register_outputs({"arn": self.arn})


_CUSTOM: Final = "Custom"
_ARN: Final = re.compile(r"acs:ram::([0-9]+):role/.+")


def account(arn: str) -> str:
    """The account's id in an ARN, `acs:ram::1234567890123456:role/shop-dev-auth`.

    Raises PlatformError for any other text, which tells of no account.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise PlatformError(
            f"{arn!r} is no role's name as RAM gives it, acs:ram::<account>:role/<name>, so it is "
            "not known in whose account the stack is\n"
            "→ write alicloud:accountId under config in the stack's file"
        )
    return found[1]


def trust(service: str) -> str:
    """Who may take a role: one of Alibaba Cloud's own services."""
    return granted.compact(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": [f"{service}.aliyuncs.com"]},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )
