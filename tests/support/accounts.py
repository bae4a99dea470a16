"""The account that tests are to run on: whether it can be asked at all."""

from infra.errors import PlatformError
from tests.support.alicloud_account import real_account


def check_account(cloud: str) -> None:
    """Raises PlatformError where `cloud`, "aws" or "alicloud", does not say whose the keys are."""
    if cloud == "alicloud":
        real_account()
        return
    import boto3  # noqa: PLC0415 - most runs need neither
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        boto3.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise PlatformError(
            f"AWS does not say whose the credentials are, nothing was made: {error}\n"
            "→ aws sts get-caller-identity shows whether they are good"
        ) from error
