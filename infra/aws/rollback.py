"""Lambda's alias, moved to an earlier version of a function."""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws.names import ALIAS
from infra.errors import PlatformError
from infra.versions import Version, earlier, known

_MISSING = "ResourceNotFoundException"


def connect(region: str, profile: str | None) -> Any:
    """boto3's client for Lambda there, with the credentials of whoever runs the command.

    Raises PlatformError for a profile that is not there.
    """
    try:
        return boto3.Session(region_name=region, profile_name=profile).client("lambda")
    except BotoCoreError as error:
        raise _explained("Lambda", error) from error


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
    return known(versions, live), chosen


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
