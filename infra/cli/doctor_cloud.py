"""What `make doctor STACK=…` finds of a cloud's stack: its file, packages, plugin, region, keys.

A process of its own, in .venv, since it reads YAML; it prints the findings as JSON.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

from infra.cli import cloud_stack, plugins
from infra.cli.findings import GOOD, LACKING, NOTE, WRONG, Finding
from infra.cli.stack import ROOT, check_extra
from infra.cli.stated import stated, stated_with_region
from infra.errors import PlatformError


def examine(
    root: Path,
    stack: str,
    environment: Mapping[str, str],
    find: Callable[[str], object | None] = find_spec,
) -> list[Finding]:
    """Every finding; `find` tells of installed packages. Asks no cloud, and shows no secret."""
    try:
        target = plugins.target_of(stack, stated(root, stack, environment))
    except PlatformError as error:
        return [_wrong("stack", WRONG, error)]
    try:
        check_extra(stack, target, find)
    except PlatformError:
        text, remedy = f".venv has no pulumi-{target}", f"make setup NEEDS={target}"
        return [Finding("provider", LACKING, text, remedy)]
    return [_plugin(stack, target, environment), *_account(root, stack, target, environment)]


def _plugin(stack: str, target: str, environment: Mapping[str, str]) -> Finding:
    found = plugins.found(target, plugins.wanted(target), environment)
    if found:
        return Finding("plugin", GOOD, str(found))
    text = f"none yet of {target}; make up gets it, as does make fetch STACK={stack}"
    return Finding("plugin", NOTE, text)


def _account(root: Path, stack: str, target: str, environment: Mapping[str, str]) -> list[Finding]:
    found = []
    try:
        region = stated_with_region(root, stack, environment).region
        found.append(Finding("region", GOOD, region))
    except PlatformError as error:
        found.append(_wrong("region", LACKING, error))
    if target == "aws":
        text = "left to the AWS tools, which look in many places (aws sts get-caller-identity)"
        return [*found, Finding("keys", NOTE, text)]
    try:
        cloud_stack.check_keys(root, stack, environment)
        return [*found, Finding("keys", GOOD, "there; whether they are good the cloud alone tells")]
    except PlatformError as error:
        remedy = f"{_wrong('', '', error).remedy}; make preview STACK={stack} OFFLINE=1 needs none"
        return [*found, Finding("keys", LACKING, "none that the provider would find", remedy)]


def _wrong(name: str, state: str, error: PlatformError) -> Finding:
    text, _, remedy = str(error).partition("\n→ ")
    return Finding(name, state, " ".join(text.split()), " ".join(remedy.split()))


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the findings of the stack that is named, as JSON on one line."""
    print(json.dumps([asdict(each) for each in examine(root, arguments[0], os.environ)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
