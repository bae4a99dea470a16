"""A shell in which plain `pulumi` works on this checkout: `make shell`, `make shell CMD="…"`.

    python -m infra.cli.shell [--stack local] [--command "pulumi preview -s local"]

A login shell's own start files often put other folders first on PATH; bash and zsh are therefore
given a start file that reads the user's and then sets PATH again.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.cli.commands import Progress, Runner, explain, run
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import LOCAL, pulumi_environment
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
            f"shell: the stack {LOCAL} cannot be made: {ended.stopped or explain(ended.output)}.\n"
            "→ make doctor tells what is missing"
        )


def started(shell: str, folder: Path, path: str) -> tuple[list[str], dict[str, str]]:
    """The words that start an interactive shell, and the variables it needs besides.

    Writes its start files into `folder`, where it needs any.
    """
    quoted = "'" + path.replace("'", "'\\''") + "'"
    kind = Path(shell).name
    if kind == "bash":
        file = folder / "bashrc"
        file.write_text(f"[ -r ~/.bashrc ] && . ~/.bashrc\nexport PATH={quoted}\n")
        return [shell, "--rcfile", str(file), "-i"], {}
    if kind == "zsh":
        user = '"${SHOP_ZDOTDIR:-$HOME}"'
        for name in (".zshenv", ".zshrc"):
            read = f"[ -r {user}/{name} ] && . {user}/{name}\n"
            (folder / name).write_text(f"{read}export PATH={quoted}\n")
        return [shell, "-i"], {
            "SHOP_ZDOTDIR": os.environ.get("ZDOTDIR", ""),
            "ZDOTDIR": str(folder),
        }
    return [shell, "-i"], {}


def main(arguments: Sequence[str]) -> int:
    """Become the shell, or the command; returns an exit code only when that cannot be."""
    parser = argparse.ArgumentParser(prog="infra.cli.shell", description="A shell for pulumi.")
    parser.add_argument("--stack", default=LOCAL)
    parser.add_argument("--command", help="run this instead of an interactive shell")
    options = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[2]
    try:
        engine = ensure(this_machine(root), Progress("engine"))
        env = pulumi_environment(root, options.stack, os.environ, engine.bin)
        if options.stack == LOCAL:
            make_stack(root, env, run)
        if options.command:
            command = ["/bin/sh", "-c", options.command]
        else:
            folder = Places(root).state / "shell"
            folder.mkdir(exist_ok=True)
            command, more = started(os.environ.get("SHELL") or "/bin/sh", folder, env["PATH"])
            env |= more
            sys.stderr.write(
                f"Here `pulumi preview|up|destroy|stack output -s {options.stack}` and `python`"
                " are this checkout's.\nLeave with `exit`.\n"
            )
        os.chdir(root)
        os.execve(command[0], command, env)  # noqa: S606 - the user's shell, given as words
    except PlatformError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"shell: {error.filename or ''}: {error.strerror}\n")
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
