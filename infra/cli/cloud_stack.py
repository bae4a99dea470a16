"""A cloud stack as the engine knows it: made where it is not yet, its outputs, what it holds."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.alicloud import callers
from infra.cli.commands import Finished, Runner, explain
from infra.cli.environment import BACKEND, LOCAL
from infra.cli.stack import Stack
from infra.cli.stated import stated
from infra.errors import PlatformError

_NONE = "no stack named"
_HOLDERS = {
    "aws:dynamodb/table:Table": "table",
    "aws:s3/bucket:Bucket": "bucket",
    "alicloud:ots/table:Table": "table",
    "alicloud:oss/bucket:Bucket": "bucket",
}
_NO_DATA = "shop:alicloud:Packages$"  # whose bucket holds what can be made again
_LIMIT_S = 120


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """A table or a bucket in the account; `locked` where the account refuses to delete its data.

    `cloud` is the provider whose it is.
    """

    kind: str
    name: str
    locked: bool
    cloud: str = "aws"


def check_keys(root: Path, stack: str, environment: Mapping[str, str]) -> None:
    """Raise PlatformError where the account could not be asked, before the engine is started.

    On AWS credentials come from many places that only its own tools know, so it is left to them.
    """
    if stack == LOCAL:
        return
    found = stated(root, stack, environment)
    # Pulumi's own environments bring settings and variables that are not in the file
    if found.target == "alicloud" and "environment" not in found.content:
        callers.require(found.config, environment)


def unasked(more: Sequence[str]) -> bool:
    """Whether the engine can ask nobody about its plan, and was not told to go on without."""
    return not (sys.stdin.isatty() or {"--yes", "-y"} & set(more))


def outputs(stack: Stack, runner: Runner) -> dict[str, Any] | None:
    """The stack's outputs, secret ones masked; None where there is no such stack yet.

    Raises PlatformError where the state cannot be read.
    """
    return _asked(stack, runner, "output", "--json")


def ensure(stack: Stack, runner: Runner) -> bool:
    """Make the stack in its state where there is none yet; whether it was made.

    Raises PlatformError.
    """
    if outputs(stack, runner) is not None:
        return False
    words = ["pulumi", "stack", "init", stack.name, "--no-select", "--non-interactive"]
    ended = runner(words, env=stack.env, cwd=stack.root, limit_s=_LIMIT_S)
    if not ended.ok and "already exists" not in ended.output:
        raise PlatformError(
            f"the stack {stack.name} cannot be made in {_backend(stack)}: {_reason(ended)}\n"
            "→ mend that: the state stands where PULUMI_BACKEND_URL says, and "
            "PULUMI_CONFIG_PASSPHRASE is yours to choose and to keep"
        )
    return True


def made(stack: Stack) -> str:
    """What to tell of a stack that was made."""
    return (
        f"The stack {stack.name} was made; its state is in {_backend(stack)}.\n"
        f"If stacks/Pulumi.{stack.name}.yaml has a new line encryptionsalt, commit it."
    )


def holders(stack: Stack, runner: Runner) -> list[Holder] | None:
    """The tables and buckets that the stack has; None where there is no such stack.

    Raises PlatformError where the state cannot be read.
    """
    found = _asked(stack, runner, "export")
    if found is None:
        return None
    resources = (found.get("deployment") or {}).get("resources") or []
    return sorted(
        Holder(
            _HOLDERS[each["type"]],
            str(each.get("id") or each["urn"]),
            _locked(each),
            each["type"].partition(":")[0],
        )
        for each in resources
        if each.get("type") in _HOLDERS and _NO_DATA not in each["urn"]
    )


def _locked(resource: Mapping[str, Any]) -> bool:
    inputs = resource.get("inputs") or {}
    if _HOLDERS[resource["type"]] == "bucket":
        return inputs.get("forceDestroy") is not True
    return inputs.get("deletionProtectionEnabled") is True


def _asked(stack: Stack, runner: Runner, *words: str) -> dict[str, Any] | None:
    lines: list[str] = []  # all of them: the runner itself keeps the last few hundred
    ended = runner(
        ["pulumi", "stack", *words, "--stack", stack.name, "--non-interactive"],
        env=stack.env,
        cwd=stack.root,
        limit_s=_LIMIT_S,
        on_line=lines.append,
    )
    if not ended.ok and _NONE in ended.output:
        return None
    if ended.ok:
        text = "\n".join(lines)
        try:
            # warnings may stand before it
            answer = json.JSONDecoder().raw_decode(text, max(text.find("{"), 0))[0]
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
    raise PlatformError(
        f"stack {stack.name}: its state in {_backend(stack)} cannot be read: {_reason(ended)}\n"
        "→ see that PULUMI_BACKEND_URL, the credentials for it and PULUMI_CONFIG_PASSPHRASE are "
        "those that the stack was made with"
    )


def _backend(stack: Stack) -> str:
    return stack.env.get(BACKEND) or "the Pulumi service"


def _reason(ended: Finished) -> str:
    return ended.stopped or explain(ended.output)
