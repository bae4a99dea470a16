"""Making the local stack, where a checkout has none yet: `pulumi stack init` for the user."""

from collections.abc import Mapping
from pathlib import Path

from infra.cli.commands import Runner, explain
from infra.cli.environment import LOCAL
from infra.errors import PlatformError
from infra.local.places import Places

STACK_FILE = "pulumi/.pulumi/stacks/shop/local.json"


def make_stack(root: Path, env: Mapping[str, str], runner: Runner) -> None:
    """Make the local stack where the checkout has none yet. Raises PlatformError."""
    if (Places(root).state / STACK_FILE).exists():
        return
    ended = runner(
        ["pulumi", "stack", "init", LOCAL, "--non-interactive"], env=env, cwd=root, limit_s=60
    )
    if not ended.ok and "already exists" not in ended.output:
        raise PlatformError(
            f"the stack {LOCAL} cannot be made: {ended.stopped or explain(ended.output)}.\n"
            "→ make doctor tells what is missing"
        )
