"""What a stack states of the letters that the shop sends."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from infra.settings_part import Part
from infra.settings_report import refusal

# as the functions take one: what SMTP sends without any extension to it
_SENDER = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}"
)


def _sender(text: str) -> str:
    if text and not _SENDER.fullmatch(text):
        raise refusal(
            "no mail server sends letters in this name", "write an address, as shop@example.com"
        )
    return text


class Notifications(Part):
    """How letters to customers go out."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"by": {"const": "smtp"}}, "required": ["by"]},
            "then": {"required": ["sender"]},
        }
    )

    by: Literal["kept", "smtp"] = Field(
        default="kept",
        description="kept: they are written down for a week and reach nobody; smtp: a mail server "
        "sends them, which the secret smtp-url names.",
        json_schema_extra={"errorMessage": "letters do not go out so"},
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        default="",
        validate_default=True,
        description="The address that letters come from, as shop@example.com; smtp needs it.",
    )

    @field_validator("sender")
    @classmethod
    def _in_whose_name(cls, sender: str, info: ValidationInfo) -> str:
        if info.data.get("by") == "smtp" and not sender:
            raise refusal(
                "no mail server sends letters in nobody's name",
                "write the address that they come from, as shop@example.com",
            )
        return sender
