"""`make up` of a cloud's stack: the engine's plan and question, then what is still missing."""

import sys
from collections.abc import Sequence

from infra import shop
from infra.cli import cloud_stack
from infra.cli.commands import run
from infra.cli.operating import settings_of
from infra.cli.secret import store_of
from infra.cli.secret_values import ELSEWHERE
from infra.cli.stack import Stack
from infra.cli.stated import stated
from infra.errors import PlatformError
from infra.secret_store import SecretStore


def up(stack: Stack, more: Sequence[str]) -> int:
    """Run `pulumi up`, of a stack that is made where it is not there yet; returns its exit code.

    The engine shows its plan and asks, unless `--yes` is among `more`. Raises PlatformError.
    """
    if cloud_stack.ensure(stack, run):
        print(cloud_stack.made(stack), flush=True)
    code = stack.pulumi("up", *more)
    if code and cloud_stack.unasked(more):
        sys.stderr.write(
            "Without a terminal nobody can say yes to a plan.\n"
            f"→ make preview STACK={stack.name} shows it, "
            f"make up STACK={stack.name} ARGS=--yes carries it out\n"
        )
    if code == 0:
        url = (cloud_stack.outputs(stack, run) or {}).get("url")
        if url:
            print(f"\nThe shop is at {url}\n  try it:    curl {url.rstrip('/')}/health")
        store = store_of(stack.name, stack.root)
        print(secrets_told(stack.name, secrets_of(stack), store), end="")
    return code


def secrets_of(stack: Stack) -> list[str]:
    """The secrets that this stack's functions read, by its settings. Raises PlatformError."""
    settings = settings_of(stated(stack.root, stack.name), stack.name)
    grants = shop.platform(settings, stack.name).grants
    return sorted({each.resource for each in grants if each.kind == "secret"})


def secrets_told(stack: str, names: Sequence[str], store: SecretStore) -> str:
    """What to say of granted secrets that have no value yet; nothing where all have one."""
    try:
        missing = [name for name in names if not store.exists(name)]
    except PlatformError as error:
        return f"Whether the secrets have values cannot be seen: {error}\n"
    if not missing:
        return ""
    return (
        f"No value yet: {', '.join(missing)}. The functions that read them answer 500 until then.\n"
        + "".join(
            f"→ make secret STACK={stack} NAME={name}{' < file' if name in ELSEWHERE else ''}\n"
            for name in missing
        )
    )
