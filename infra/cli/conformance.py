"""`make conformance`: the suites that every adapter must pass, on a stack's real account."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.alicloud.callers import callers_keys
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT
from infra.cli.stated import Stated, stated, stated_with_region
from infra.errors import PlatformError

Start = Callable[[Sequence[str], Mapping[str, str]], int]


def _start(words: Sequence[str], env: Mapping[str, str]) -> int:
    return subprocess.run(words, env=dict(env), cwd=ROOT, check=False).returncode


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    base: Mapping[str, str] = os.environ,
    start: Start = _start,
    read_answer: Callable[[], str] | None = None,
) -> int:
    """The command; `start` runs the tests, `read_answer` reads the user's answer."""
    made = parser("conformance", "Runs tests/conformance on a stack's account, or on this machine.")
    made.add_argument("--yes", action="store_true", help="do not ask")
    options, more = made.parse_known_args(arguments)

    def command() -> int:
        words = [sys.executable, "-m", "pytest", "tests/conformance"]
        if options.stack == LOCAL:
            return start([*words, *more], base)  # the memory, this machine and what plays clouds
        target = stated(root, options.stack).target
        if target not in _ON:
            raise PlatformError(
                f"stack {options.stack}: its target is {target or 'not stated'}, which these tests "
                "cannot reach\n→ STACK=aws-…, STACK=alicloud-…, or leave STACK out for what runs "
                "on this machine"
            )
        found = stated_with_region(root, options.stack, base)
        what, whose, own = _ON[target](found, base)
        print(
            f"This makes {what} under a random prefix, and deletes them at the end:\n"
            f"in {found.region}, in the account of {whose}.\n"
            "It costs a few cents; the stack itself is left alone."
        )
        if not (options.yes or base.get("CI") == "true" or _agreed(options.stack, read_answer)):
            print("Nothing was made.")
            return 1
        return start([*words, "--cloud", target, *more], {**base, **own})

    return run_command(command)


def _on_aws(found: Stated, base: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    """What is made, in whose account, and the variables that lead there."""
    own = {"AWS_REGION": found.region, "AWS_DEFAULT_REGION": found.region}
    if found.profile:
        own["AWS_PROFILE"] = found.profile
    profile = {**base, **own}.get("AWS_PROFILE", "")
    whose = f"your credentials (AWS_PROFILE={profile})"
    return "tables, a bucket, queues and secrets", whose, own


def _on_alicloud(found: Stated, base: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    key, _, _ = callers_keys(base, "nothing was made")
    what = "an instance of TableStore with tables, buckets, queues and secret parameters"
    return what, f"the key {key}", {"ALICLOUD_REGION": found.region}


_ON = {"aws": _on_aws, "alicloud": _on_alicloud}


def _agreed(stack: str, read_answer: Callable[[], str] | None) -> bool:
    if read_answer is None:
        if not sys.stdin.isatty():
            raise PlatformError(
                "nobody can be asked here, so nothing was made\n"
                f"→ make conformance STACK={stack} ARGS=--yes does it without asking"
            )
        read_answer = sys.stdin.readline
    print("Go on? [y/N] ", end="", flush=True)
    return read_answer().strip().lower() in {"y", "yes"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
