"""Runs one component of AWS by mocks: what it declares, how, and what it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks

from infra.aws.names import Names
from infra.aws.shared import Shared
from infra.settings_aws import Aws
from tests.support.program import Declared, apart

CDN = "arn:aws:cloudfront::123456789012:distribution/EDFDVBD632BHDS"
REGION = "eu-central-1"
TAGS = {"shop:stack": "dev", "shop:managed-by": "pulumi"}


def outputs(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """What AWS adds to a resource, as far as others name it."""
    match args.typ:
        case "aws:s3/bucket:Bucket":
            called = f"{args.name}-1234567"
            return {
                "bucket": called,
                "arn": f"arn:aws:s3:::{called}",
                "bucketRegionalDomainName": f"{called}.s3.{REGION}.amazonaws.com",
            }
        case "aws:cloudfront/distribution:Distribution":
            return {"arn": CDN, "domainName": "d123.cloudfront.net"}
        case "aws:sns/topic:Topic":
            return {"arn": f"arn:aws:sns:{REGION}:123456789012:{args.inputs['name']}"}
        case _:
            return {"arn": f"arn:aws:any:{REGION}:123456789012:{args.name}"}


@dataclass
class Made:
    """What was declared, each resource's options by its kind, and a component's outputs."""

    declared: Declared = field(default_factory=lambda: Declared(outputs))
    options: dict[str, pulumi.ResourceOptions] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def note(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Remember how a resource is declared, and leave it as it is."""
        self.options[args.type_] = args.opts

    def inputs(self, kind: str) -> dict[str, Any]:
        """The inputs of the only resource of this kind."""
        return self.declared.inputs(kind)


def made(
    build: Callable[[Shared, pulumi.ResourceOptions], dict[str, pulumi.Input[Any]]], **stated: Any
) -> Made:
    """What `build` declares in a stack that states this of AWS; what it returns is told."""
    found = Made()

    def work() -> Made:
        mocks.set_mocks(found.declared, project="shop", stack="dev", preview=False)
        shared = Shared(names=Names("dev"), region=REGION, settings=Aws(**stated))

        @mocks.test  # type: ignore[untyped-decorator]
        def program() -> Any:
            noting = pulumi.ResourceOptions(transformations=[found.note])
            told = build(shared, noting)
            return pulumi.Output.all(**told).apply(found.told.update)

        program()
        return found

    return apart(work)
