"""Forgotten passwords: a letter brings a token, the token sets another password."""

from typing import Annotated

from msgspec import Meta

from app.bootstrap import Services
from app.handlers.auth_bodies import NewPasswordOnly, ResetWanted
from app.handlers.throttles import throttle_of
from app.messages import Request, Response
from app.operation import Operation
from app.services.ask_reset import ask_reset
from app.services.reset_password import reset_password

Token = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="As the letter has it.",
        examples=["vWcQ8mYJkq1D2nX0b4hTz7sLrEoGpUaKfNi5yRxC3Mw"],
    ),
]


def ask(request: Request, services: Services, *, body: ResetWanted) -> Response:
    """Ask for a new password.

    The answer is the same for every name. To a user who is there and has an address of e-mail goes
    a letter with a token, which is good for an hour. After ten requests for one name within fifteen
    minutes, 429 says when to try again; from one address, they count among its failed logins.
    """
    ask_reset(
        body.username,
        request.source_ip,
        notify=services.queue("welcome"),
        throttle=throttle_of(services),
        clock=services.clock,
    )
    return Response(status=202)


def use(request: Request, services: Services, *, body: NewPasswordOnly) -> Response:
    """Set a new password with a token, which ends all sessions.

    404 says that the token is not good, or no longer: it is used once. Tried again after an answer
    that was lost it may say so, too; then the password has been set.
    """
    reset_password(
        request.path_parameters["token"],
        body.new_password,
        users=services.table("users"),
        resets=services.table("resets"),
        passwords=services.passwords,
        clock=services.clock,
    )
    return Response(status=204)


RESETS = {
    "POST /password-resets": Operation(ask, takes=ResetWanted, gives={202: None}, refuses=(429,)),
    "POST /password-resets/{token}": Operation(
        use, takes=NewPasswordOnly, gives={204: None}, refuses=(404,), parameters={"token": Token}
    ),
}
