"""The program of a stack on AWS under Pulumi's mocks: whole, or a shop with one thing of each."""

from pathlib import Path
from typing import Any

import pulumi

from infra import settings, shop
from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.aws.target import AwsConfig, AwsTarget
from infra.packages.deployed import Code
from tests.support import stacks
from tests.support.aws_program import REGION, bucket_name, outputs
from tests.support.program import Declared

STACKS = ("aws-dev", "aws-prod")


def answered(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """What AWS adds to a resource; a bucket has the name that it really gets."""
    called = bucket_name(args.name)
    host = f"{called}.s3.{REGION}.amazonaws.com"
    bucket = {"bucket": called, "arn": f"arn:aws:s3:::{called}", "bucketRegionalDomainName": host}
    return {**outputs(args), **(bucket if args.typ == "aws:s3/bucket:Bucket" else {})}


def whole(stack: str, **more: str) -> tuple[Declared, dict[str, Any]]:
    """What the program declares for a stack of the repository, and what it exports."""
    return stacks.whole(stack, answered, **more)


def small(stated: dict[str, Any]) -> Declared:
    """What the target declares for these settings, for one of each kind of thing in the shop.

    Its packages are nowhere: what is in them is not looked at here.
    """
    read = settings.parse(stated, "the test's settings", shop.NAMES)
    platform = stacks.one_of_each(shop.platform(read, "aws-dev"))
    config = AwsConfig(
        shared=Shared(names=Names("aws-dev"), region=REGION, settings=read.aws),
        code={each.name: Code(Path("/nowhere"), "app.handler") for each in platform.functions},
        replaceable_tables=[name for name, each in read.tables.items() if each.allow_replace],
        replaceable_buckets=[name for name, each in read.buckets.items() if each.allow_replace],
    )
    return stacks.alone("aws-dev", lambda: AwsTarget("shop", platform, config).url, answered)
