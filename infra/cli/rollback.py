"""`make rollback`: has a function on AWS run an earlier version at once, past the engine.

Only the alias that everything calls is moved: settings and rights stay as they are now. The engine
does not see that, so it stays until a `make up` changes the function and publishes a new version.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import shop
from infra.aws.names import ALIAS, Names
from infra.aws.rollback import Version, earlier
from infra.cli.console import parser, run_command
from infra.cli.environment import LOCAL
from infra.cli.stack import ROOT
from infra.cli.stated import stated, stated_with_region
from infra.errors import PlatformError
from infra.naming import nearest

_MISSING = "ResourceNotFoundException"


def connect(region: str, profile: str | None) -> Any:
    """boto3's client for Lambda there, with the credentials of whoever runs the command."""
    return boto3.Session(region_name=region, profile_name=profile).client("lambda")


def roll_back(client: Any, function: str, wanted: int | None) -> tuple[Version, Version]:
    """Move the function's alias; the version that was live, and the one that is now.

    `client` is boto3's for Lambda. Raises PlatformError, and then nothing was changed.
    """
    try:
        alias = client.get_alias(FunctionName=function, Name=ALIAS)
        versions = [
            Version(int(each["Version"]), str(each["LastModified"]))
            for page in client.get_paginator("list_versions_by_function").paginate(
                FunctionName=function
            )
            for each in page["Versions"]
            if each["Version"].isdigit()  # $LATEST is none that was published
        ]
        live = int(alias["FunctionVersion"])
        chosen = earlier(function, versions, live, wanted)
        client.update_alias(
            FunctionName=function,
            Name=ALIAS,
            FunctionVersion=str(chosen.number),
            RoutingConfig={"AdditionalVersionWeights": {}},
            RevisionId=alias["RevisionId"],  # refused where somebody else has moved it meanwhile
        )
    except (ClientError, BotoCoreError) as error:
        raise _explained(function, error) from error
    was = next((each for each in versions if each.number == live), Version(live, "removed since"))
    return was, chosen


def _explained(function: str, error: Exception) -> PlatformError:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code == _MISSING:
        return PlatformError(
            f"{function}: there is no such function with an alias {ALIAS} in this account and "
            "region, so nothing was changed\n→ make up makes it; AWS_PROFILE chooses the account"
        )
    if code == "PreconditionFailedException":
        return PlatformError(
            f"{function}: somebody else has just moved its alias, so nothing was changed\n"
            "→ run it again if it is still needed"
        )
    return PlatformError(
        f"{function}: AWS was asked in vain, and nothing was changed: {error}\n"
        "→ see that the credentials (AWS_PROFILE, or aws sso login) are there and current, and "
        "that they may call lambda:GetAlias, ListVersionsByFunction and UpdateAlias"
    )


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    client_of: Callable[[str, str | None], Any] = connect,
) -> int:
    """The command; `client_of` makes boto3's client for Lambda in a region, with a profile."""
    made = parser("rollback", "Has a function on AWS run an earlier version at once.")
    made.add_argument("--function", default="", help="which one, by its name in infra/shop.py")
    made.add_argument("--version", help="which version (default: the one before)")
    options = made.parse_args(arguments)

    def command() -> int:
        name = _function(options.function, options.stack)
        wanted = _number(options.version)
        _check_target(root, options.stack)
        found = stated_with_region(root, options.stack)
        client = _made(lambda: client_of(found.region, found.profile), name)
        was, now = roll_back(client, Names(options.stack).of(name), wanted)
        print(f"{name} ran version {was.number} ({was.published})")
        print(f"{name} runs version {now.number} ({now.published}) from now on")
        print(
            f"That stays until a make up STACK={options.stack} changes {name}; one that changes "
            "nothing there leaves it.\n"
            f"→ make rollback STACK={options.stack} FUNCTION={name} VERSION={was.number} goes back"
        )
        return 0

    return run_command(command)


def _made(make: Callable[[], Any], function: str) -> Any:
    try:
        return make()
    except BotoCoreError as error:  # a profile that is not there
        raise _explained(function, error) from error


def _check_target(root: Path, stack: str) -> None:
    target = LOCAL if stack == LOCAL else stated(root, stack).target
    if target != "aws":
        raise PlatformError(
            f"stack {stack}: its target is {target or 'not stated'}, and only functions on AWS "
            "have versions to go back to\n→ git revert and make up; or STACK=aws-…"
        )


def _function(name: str, stack: str) -> str:
    known = [function.name for function in shop.EVERY_FUNCTION]
    if name in known:
        return name
    near = nearest(name, known) if name else None
    reason = f"FUNCTION={name}: there is no such function" if name else "no FUNCTION was given"
    raise PlatformError(
        f"{reason}, so nothing was changed\n"
        f"→ make rollback STACK={stack} FUNCTION={near or '<one of ' + ', '.join(known) + '>'}"
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise PlatformError(
            f"VERSION={text}: versions are numbers from 1, so nothing was changed\n"
            "→ leave it out for the version before; a wrong number lists those there are"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
