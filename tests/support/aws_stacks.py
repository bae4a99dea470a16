"""The program of a stack on AWS under Pulumi's mocks: whole, or a shop with one thing of each."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks

from infra import settings, shop
from infra.aws.names import Names
from infra.aws.packages import Code
from infra.aws.shared import Shared
from infra.aws.target import AwsConfig, AwsTarget
from infra.model import Platform
from tests.support.aws_program import REGION, outputs
from tests.support.program import ROOT, Declared, apart

STACKS = ("aws-dev", "aws-prod")


def answered(args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
    """What AWS adds to a resource; a bucket has the letters that make its name the world's only."""
    called = f"{args.name}-1234567"
    bucket = {"bucket": called, "arn": f"arn:aws:s3:::{called}"}
    return {**outputs(args), **(bucket if args.typ == "aws:s3/bucket:Bucket" else {})}


def plain(value: Any) -> Any:
    """Inputs in a form that compares: a package by its folder."""
    match value:
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case pulumi.FileArchive():
            return value.path
    return value


def config_of(stack: str) -> dict[str, Any]:
    """What the stack's own file states, as the engine hands it to the program."""
    text = (ROOT / f"stacks/Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    stated: dict[str, Any] = yaml.safe_load(text)["config"]
    return stated


def whole(stack: str, **more: str) -> tuple[Declared, dict[str, Any]]:
    """What the program declares for a stack of the repository, and what it exports.

    `more` are keys of the configuration besides the file's, `shop__offline` for `shop:offline`.
    """
    exported: dict[str, Any] = {}
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config_of(stack).items()
    } | {key.replace("__", ":"): value for key, value in more.items()}

    def work() -> Declared:
        declared = Declared(answered)
        mocks.set_mocks(declared, project="shop", stack=stack, preview=True)
        pulumi.runtime.set_all_config(config)

        @mocks.test  # type: ignore[untyped-decorator]
        def program() -> Any:
            runpy.run_path(str(ROOT / "infra"), run_name="__main__")
            found = pulumi.runtime.get_root_resource().outputs  # type: ignore[union-attr]
            return pulumi.Output.all(**found).apply(exported.update)

        program()
        return declared

    return apart(work), exported


def small(stated: dict[str, Any]) -> Declared:
    """What the target declares for these settings, for one of each kind of thing in the shop.

    Its packages are nowhere: what is in them is not looked at here.
    """
    read = settings.parse(stated, "the test's settings", shop.NAMES)
    platform = one_of_each(shop.platform(read, "aws-dev"))
    config = AwsConfig(
        shared=Shared(names=Names("aws-dev"), region=REGION, settings=read.aws),
        code={each.name: Code(Path("/nowhere"), "app.handler") for each in platform.functions},
        replaceable_tables=[name for name, each in read.tables.items() if each.allow_replace],
        replaceable_buckets=[name for name, each in read.buckets.items() if each.allow_replace],
    )

    def work() -> Declared:
        declared = Declared(answered)
        mocks.set_mocks(declared, project="shop", stack="aws-dev", preview=True)

        @mocks.test  # type: ignore[untyped-decorator]
        def program() -> Any:
            return AwsTarget("shop", platform, config).url

        program()
        return declared

    return apart(work)


def one_of_each(platform: Platform) -> Platform:
    """The shop with a function for each kind of trigger, and one of all that these need."""
    functions = {"auth", "notify", "sweep"}
    tables = tuple(each for each in platform.tables if each.name in ("users", "sessions"))
    kept = {"table": {each.name for each in tables}}
    return replace(
        platform,
        functions=tuple(each for each in platform.functions if each.name in functions),
        routes=tuple(each for each in platform.routes if each.key == "POST /users"),
        tables=tables,
        grants=tuple(
            each
            for each in platform.grants
            if each.function in functions and each.resource in kept.get(each.kind, {each.resource})
        ),
    )
