"""What the operations on users and sessions take and give, as the API's document shows it."""

from typing import Annotated, Literal

from msgspec import Meta

from app.domain import users
from app.domain.ids import PATTERN
from app.operation import Hidden

_SECRET = {"format": "password", "writeOnly": True}
_AN_ID = "01KAMPVE00ZK8J4F7C2R5Q9XTB"

TypedName = Annotated[
    str,
    Meta(
        min_length=users.USERNAME_LEAST,
        max_length=users.USERNAME_MOST,
        description=(
            "The letters a to z, digits and . _ - @ +, a letter or digit first and last: other "
            "scripts have letters that look like these. Names that differ only in case are one "
            "name."
        ),
        examples=["tea-house"],
        extra_json_schema={"pattern": users.USERNAME},
    ),
]
GivenName = Annotated[
    str,
    Meta(min_length=1, max_length=1024, description="In any spelling.", examples=["tea-house"]),
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=users.PASSWORD_LEAST,
        max_length=users.PASSWORD_MOST,
        description="Any characters.",
        examples=["a few plain words"],
        extra_json_schema=_SECRET,
    ),
]
GivenPassword = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1024,
        description="As it was set.",
        examples=["a few plain words"],
        extra_json_schema=_SECRET,
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=users.EMAIL_MOST,
        description="Where letters go, or empty.",
        examples=["tea@house.example"],
    ),
]
UserId = Annotated[str, Meta(pattern=PATTERN, description="A ULID.", examples=[_AN_ID])]
Shown = Annotated[str, Meta(description="As it was typed.", examples=["Tea-House"])]
Moment = Annotated[int, Meta(description="UTC epoch milliseconds.", examples=[1764000000000])]


class NewUser(Hidden):
    """Who wants to register."""

    username: TypedName
    password: NewPassword
    email: Email = ""


class Login(Hidden):
    """Who wants to log in."""

    username: GivenName
    password: GivenPassword
    cart_token: Annotated[
        str, Meta(max_length=4096, description="A guest's cart to take along, or empty.")
    ] = ""


class PasswordChange(Hidden):
    """The password as it is, and as it is to be."""

    old_password: GivenPassword
    new_password: NewPassword


class ResetWanted(Hidden):
    """Who has forgotten his password."""

    username: GivenName


class NewPasswordOnly(Hidden):
    """The password as it is to be."""

    new_password: NewPassword


class User(Hidden):
    """A user, as only he sees himself."""

    username: Shown
    user_id: UserId
    created_at: Moment
    role: Literal["customer", "admin"]
    email: Email


class Session(Hidden):
    """What every further request is authorised with, until it ends."""

    token: Annotated[
        str,
        Meta(description="Goes into the header authorization: Bearer …", examples=["eyJhbGci…"]),
    ]
    token_type: Literal["Bearer"]
    expires_at: Moment
    user: User
    cart_merged: Annotated[
        bool, Meta(description="Whether the guest's cart is in the user's now.")
    ] = False
