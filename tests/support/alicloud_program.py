"""What Alibaba Cloud answers to a program run with mocks: the outputs that others are made of."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    """What a resource has besides its inputs, in the form that Alibaba Cloud gives it."""
    provider, _, kind = args.typ.split(":")
    if provider != "alicloud":
        return {}
    inputs = args.inputs
    more: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "Role": lambda: {"arn": f"acs:ram::{ACCOUNT}:role/{inputs['roleName'].lower()}"},
        "V3FunctionVersion": lambda: {"versionId": "7"},
        "V3Trigger": lambda: {"httpTrigger": _addresses(args)},
        "BucketCnameToken": lambda: {"token": "be1d49d863dea9ff"},
        "Group": lambda: {"subDomain": f"0123456789abcdef-{REGION}.alicloudapi.com"},
        "Api": lambda: {"apiId": f"{args.name}-api"},
    }
    return more.get(kind, dict)()


def _addresses(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, str] | None:
    if args.inputs["triggerType"] != "http":
        return None
    host = f"{args.inputs['functionName']}-abcdefghij.{REGION}"
    return {
        "urlInternet": f"https://{host}.fcapp.run",
        "urlIntranet": f"https://{host}-vpc.fcapp.run",
    }
