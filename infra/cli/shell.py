"""A shell in which plain `pulumi` works on this checkout: `make shell`, `make shell CMD="…"`.

    python -m infra.cli.shell [--stack local] [--command "pulumi preview -s local"]

A login shell's own start files often put other folders first on PATH; bash and zsh are therefore
given a start file that reads the user's and then sets PATH again.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from infra.cli.commands import Progress, run
from infra.cli.console import run_command
from infra.cli.engine import ensure, this_machine
from infra.cli.environment import LOCAL, pulumi_environment
from infra.cli.local_stack import make_stack
from infra.errors import PlatformError
from infra.local.places import Places

ROOT = Path(__file__).resolve().parents[2]


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


def become(stack: str, command: str | None, root: Path = ROOT) -> NoReturn:
    """Become the shell, or the command, in this process. Raises PlatformError where it cannot."""
    engine = ensure(this_machine(root), Progress("engine"))
    env = pulumi_environment(root, stack, os.environ, engine.bin)
    if stack == LOCAL:
        make_stack(root, env, run)
    try:
        if command:
            words = ["/bin/sh", "-c", command]
        else:
            folder = Places(root).state / "shell"
            folder.mkdir(exist_ok=True)
            words, more = started(os.environ.get("SHELL") or "/bin/sh", folder, env["PATH"])
            env |= more
            sys.stderr.write(
                f"Here `pulumi preview|up|destroy|stack output -s {stack}` and `python`"
                " are this checkout's.\nLeave with `exit`.\n"
            )
        os.chdir(root)
        os.execve(words[0], words, env)  # noqa: S606 - the user's shell, given as words
    except OSError as error:
        raise PlatformError(f"shell: {error.filename or root}: {error.strerror}") from error


def main(arguments: Sequence[str]) -> int:
    """The command; returns an exit code only when the shell cannot be had."""
    parser = argparse.ArgumentParser(prog="infra.cli.shell", description="A shell for pulumi.")
    parser.add_argument("--stack", default=LOCAL)
    parser.add_argument("--command", help="run this instead of an interactive shell")
    options = parser.parse_args(arguments)
    return run_command(lambda: become(options.stack, options.command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
