"""One run of the Pulumi program, by mocks instead of an engine: `declare.py ROOT WHAT SERVICES`.

WHAT is `shop` for that of ROOT with its aws-dev stack, or a number of functions of its own; `empty`
declares nothing, but has pulumi_aws and its SERVICES (by commas) imported. It prints how many
resources were declared, and of which services modules were loaded.
"""

import json
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks

from bench.synthetic import SETTINGS, shop_of
from infra.errors import PlatformError

STACK = "aws-dev"


class Cloud(mocks.Mocks):
    """Answers each resource with its inputs and an ARN."""

    def __init__(self) -> None:
        self.count = 0

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        """The state of a resource."""
        self.count += 1
        return f"{args.name}-id", {"arn": f"arn:aws:mock:::{args.name}", **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
        """Nothing is asked for. Raises AssertionError."""
        raise AssertionError(f"the program asks the provider for {args.token}")


def main(root: Path, what: str, services: str) -> None:
    """Run it, and print what it was."""
    cloud = Cloud()
    mocks.set_mocks(cloud, project="shop", stack=STACK, preview=True)
    if what == "empty":
        import pulumi_aws  # noqa: PLC0415 - what is measured

        for each in filter(None, services.split(",")):
            getattr(getattr(pulumi_aws, each), "__all__", None)  # loads it: it is lazy
    else:
        _program(root, what)
    print(json.dumps({"resources": cloud.count, "services": loaded(sys.modules)}))


def loaded(modules: Mapping[str, object]) -> list[str]:
    """The services of pulumi_aws whose modules were loaded, not only made ready to be."""
    parts = [name.split(".") for name in modules if name.startswith("pulumi_aws.")]
    return sorted({each[1] for each in parts if len(each) == 3})  # noqa: PLR2004 - package.service.x


def _program(root: Path, what: str) -> None:
    file = root / "stacks" / f"Pulumi.{STACK}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    if what != "shop":
        from infra import shop  # noqa: PLC0415 - part of what is measured

        config["shop:settings"] = SETTINGS
        for name, value in shop_of(int(what)).items():
            if not hasattr(shop, name):
                raise PlatformError(
                    f"infra/shop.py has no {name} any more: amend bench/synthetic.py"
                )
            setattr(shop, name, value)
    pulumi.runtime.set_all_config(
        {key: each if isinstance(each, str) else json.dumps(each) for key, each in config.items()}
    )

    @mocks.test  # type: ignore[untyped-decorator]
    def program() -> Any:
        runpy.run_path(str(root / "infra"), run_name="__main__")
        outputs = pulumi.runtime.get_root_resource().outputs  # type: ignore[union-attr]
        return pulumi.Output.all(**outputs).apply(lambda _: None)

    program()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")  # noqa: PLR2004
