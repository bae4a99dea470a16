"""`make fetch`: gets the plugin by which the engine speaks to a provider, and packages' libraries.

`make up` gets both by itself; only what is to work without a network needs them before.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from infra.cli.commands import Runner, explain, run
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.stack import Stack, prepare
from infra.cli.stated import Stated, stated
from infra.cli.venv_setup import CLOUDS
from infra.errors import PlatformError


def target_of(stack: str, stated_there: Stated) -> str:
    """The cloud that a stack is for. Raises PlatformError where it is for none that is known."""
    target = stated_there.target
    if target not in CLOUDS:
        raise PlatformError(
            f"stack {stack}: its target is {target or 'not stated'}, and that is no cloud, so "
            f"there is no plugin for it\n→ write target: {' or '.join(CLOUDS)} under "
            f"shop:settings in stacks/Pulumi.{stack}.yaml"
        )
    return target


def wanted(target: str) -> str:
    """The version of the plugin that goes with the installed package."""
    return version(f"pulumi-{target}")


def found(target: str, number: str, env: Mapping[str, str]) -> Path | None:
    """The plugin's program as the engine would find it: on PATH first, else in its own folder."""
    program = f"pulumi-resource-{target}"
    if on_path := shutil.which(program, path=env.get("PATH", os.defpath)):
        return Path(on_path)
    home = env.get("PULUMI_HOME") or Path(env.get("HOME") or Path.home(), ".pulumi")
    folder = Path(home, "plugins", f"resource-{target}-v{number}")
    # the engine writes this beside a plugin that it has not got whole
    if folder.with_name(f"{folder.name}.partial").exists():
        return None
    return folder / program if os.access(folder / program, os.X_OK) else None


def require(stack: str, target: str, number: str, env: Mapping[str, str]) -> None:
    """Raise PlatformError where the plugin is not on this machine."""
    if found(target, number, env) is None:
        raise PlatformError(
            f"stack {stack}: the plugin pulumi-resource-{target} {number} is neither on PATH nor "
            "among the engine's own, and without it there is no plan\n"
            f"→ make fetch STACK={stack} gets it (that once it takes the network)"
        )


def get(stack: Stack, target: str, number: str, runner: Runner) -> Path:
    """The plugin, which is fetched where it is not there. Raises PlatformError."""
    if there := found(target, number, stack.env):
        return there
    words = ["pulumi", "plugin", "install", "resource", target, f"v{number}"]
    ended = runner(words, env=stack.env, cwd=stack.root, limit_s=900)
    there = found(target, number, stack.env)
    if not ended.ok or there is None:
        raise PlatformError(
            f"the plugin pulumi-resource-{target} {number} cannot be had: "
            f"{ended.stopped or explain(ended.output)}\n"
            "→ mend that, or put the program on PATH, then run it again"
        )
    return there


def main(arguments: Sequence[str]) -> int:
    """The command; `arguments` without the program's name."""
    options = parser("plugins", "Gets what a plan needs offline.").parse_args(arguments)

    def command() -> int:
        if options.stack == LOCAL:
            print("All that the local stack needs is there already.")
            return 0
        stack = prepare(options.stack)
        target = target_of(stack.name, stated(stack.root, stack.name))
        print(get(stack, target, wanted(target), run), flush=True)
        from infra.cli import packages  # noqa: PLC0415 - it reads the shop, which takes its time

        return packages.main([target])

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
