"""What AWS answers to a program that is run with mocks: the outputs that others are made of."""

from collections.abc import Mapping
from typing import Any

import pulumi

ACCOUNT, REGION = "123456789012", "eu-central-1"
GATEWAY = f"execute-api.{REGION}.amazonaws.com"


def arn(service: str, name: str) -> str:
    """An ARN of the account that the mocks have."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def secret_arn(called: str) -> str:
    """The ARN of a secret: AWS puts letters behind its name."""
    return arn("secretsmanager", f"secret:{called}-a1B2c3")


def bucket_name(stated: str) -> str:
    """The name of a bucket: Pulumi puts letters behind it, which make it the world's only."""
    return f"{stated}-1234567"


def outputs(args: pulumi.runtime.MockResourceArgs) -> Mapping[str, Any]:
    """What a resource has besides its inputs, in the form that AWS gives it."""
    kind = args.typ.rpartition(":")[2]
    name = str(args.inputs.get("name") or args.name)
    if kind == "DomainName":
        stated = dict(args.inputs["domainNameConfiguration"])
        return {"domainNameConfiguration": {**stated, "targetDomainName": f"d-1.{GATEWAY}"}}
    more = {
        "Function": lambda: {"arn": arn("lambda", f"function:{name}"), "version": "7"},
        "Alias": lambda: _alias(f"{args.inputs['functionName']}:{name}"),
        "Api": lambda: {
            "apiEndpoint": f"https://{args.name}.{GATEWAY}",
            "executionArn": arn("execute-api", args.name),
        },
        "Queue": lambda: {
            "arn": arn("sqs", name),
            "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
        },
        "Bucket": lambda: {
            "arn": f"arn:aws:s3:::{name}",
            "bucketRegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        },
        "Distribution": lambda: {
            "arn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{name}",
            "domainName": f"{name}.cloudfront.net",
        },
        "EventRule": lambda: {"arn": arn("events", f"rule/{name}")},
        "LogGroup": lambda: {"arn": arn("logs", f"log-group:{name}")},
        "Table": lambda: {"arn": arn("dynamodb", f"table/{name}")},
        "Secret": lambda: {"arn": secret_arn(name)},
        "Role": lambda: {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"},
    }
    return more.get(kind, lambda: {"arn": arn("any", name)})()


def _alias(of: str) -> dict[str, str]:
    found = arn("lambda", f"function:{of}")
    path = f"path/2015-03-31/functions/{found}/invocations"
    return {"arn": found, "invokeArn": f"arn:aws:apigateway:{REGION}:lambda:{path}"}
