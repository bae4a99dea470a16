"""Work on a stack's own tables with the rights of whoever runs the command.

stack's file → the environment that a function would get → app/entrypoints/operator.py as a process
of its own, which is asked over standard input. So nothing here knows how rows look.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from infra import granted, model, shop
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT
from infra.cli.stated import Stated, stated, stated_with_region
from infra.errors import PlatformError
from infra.local import access
from infra.local.places import Places
from infra.settings import Settings, parse

MODULE: Final = "app.entrypoints.operator"
_OPERATOR: Final = "operator"
_TABLES: Final = ("users",)
_LIMIT_S: Final = 60
# the caller's keys as Pulumi's provider takes them, and as functions have them
_ALICLOUD_KEYS: Final = {
    "ALICLOUD_ACCESS_KEY": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALICLOUD_SECRET_KEY": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_SECURITY_TOKEN": "ALIBABA_CLOUD_SECURITY_TOKEN",
}

Ask = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""What asks the operator's process: it answers with what was done. Raises PlatformError."""


def operator(root: Path, stack: str, base: Mapping[str, str] = os.environ) -> Ask:
    """What works on the stack's tables. Raises PlatformError where the file cannot be used."""
    environment = variables(root, stack, base)

    def ask(wanted: Mapping[str, Any]) -> Mapping[str, str]:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", MODULE],
                input=json.dumps(wanted),
                env=environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PlatformError(
                f"stack {stack}: no answer within {_LIMIT_S} s; it may or may not have been done\n"
                "→ see that its tables can be reached from here, then run the command again"
            ) from None
        if ended.returncode:
            raise PlatformError(f"stack {stack}: it could not be done\n{ended.stderr.rstrip()}")
        found: dict[str, str] = json.loads(ended.stdout)
        if "refused" in found:
            raise PlatformError(f"stack {stack}: {found['refused']}{_hint(environment)}")
        return found

    return ask


def variables(root: Path, stack: str, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of the operator's process. Raises PlatformError."""
    found = stated(root, stack, base)
    settings = settings_of(found, stack)
    grants = tuple(
        model.Grant(
            function=_OPERATOR, kind="table", resource=each, actions=frozenset({"read", "write"})
        )
        for each in _TABLES
    )
    platform = replace(shop.platform(settings, stack), grants=grants)
    own = {"SHOP_STACK": stack, "SHOP_HANDLER": _OPERATOR}
    kept = {name: text for name, text in base.items() if not name.startswith("SHOP_")}
    if settings.target == "local":
        if stack != LOCAL:
            raise PlatformError(f"stack {stack}: the stack of this machine is called {LOCAL}")
        return {
            **kept,
            **own,
            **access.environment(platform, _OPERATOR, Places(root), settings.local),
        }
    found = stated_with_region(root, stack, base)
    if settings.target == "aws":
        return {**kept, **own, **_aws(platform, found, stack)}
    return {**kept, **own, **_alicloud(platform, settings, found, stack, base)}


def settings_of(found: Stated, stack: str) -> Settings:
    """The settings that the stack's file states. Raises Refused."""
    return parse(found.settings, f"stacks/Pulumi.{stack}.yaml", shop.NAMES)


def _aws(platform: model.Platform, found: Stated, stack: str) -> dict[str, str]:
    from infra.aws.names import Names  # noqa: PLC0415 - the local stack needs none of it

    tables = {each.name: each for each in platform.tables}

    def where(grant: model.Grant) -> dict[str, Any]:
        return {"at": Names(stack).of(grant.resource), **granted.keys(tables[grant.resource])}

    return {
        **granted.environment(platform, _OPERATOR, "aws", where),
        "AWS_REGION": found.region,
        "AWS_DEFAULT_REGION": found.region,
        **({"AWS_PROFILE": found.profile} if found.profile else {}),
    }


def _alicloud(
    platform: model.Platform,
    settings: Settings,
    found: Stated,
    stack: str,
    base: Mapping[str, str],
) -> dict[str, str]:
    from infra.alicloud import access as policies  # noqa: PLC0415 - the same
    from infra.alicloud.names import Names  # noqa: PLC0415 - the same
    from infra.alicloud.places import Places as Regional  # noqa: PLC0415 - the same

    if not settings.alicloud.instance:
        raise PlatformError(
            f"stack {stack}: no instance of TableStore is stated, so nothing was done\n"
            f"→ write alicloud.instance in stacks/Pulumi.{stack}.yaml"
        )
    # the account is in no address of a table
    places = Regional(Names(stack, settings.alicloud.instance), found.region, account="")
    stated_there = policies.variables(platform, model.Function(name=_OPERATOR), places, {})
    keys = {
        theirs: base[ours]
        for ours, theirs in _ALICLOUD_KEYS.items()
        if base.get(ours) and not base.get(theirs)
    }
    return {**stated_there, **keys, "FC_REGION": found.region}


def _hint(environment: Mapping[str, str]) -> str:
    if "FC_REGION" not in environment:
        return ""
    return "\n→ TableStore answers within the region's networks alone: run it on a machine there"
