"""Users and their sessions: register, log in, change the password, log out."""

from app.bootstrap import Services
from app.domain.errors import UnauthenticatedError
from app.handlers.auth_bodies import Login, NewUser, PasswordChange, Session, User
from app.handlers.bearer import caller
from app.handlers.resets import RESETS
from app.handlers.throttles import throttle_of
from app.messages import Request, Response
from app.operation import Operation, answered
from app.services.accounts import Account
from app.services.authenticate import Caller
from app.services.cart_tokens import guest_of
from app.services.change_cart import try_to_merge
from app.services.change_password import Change, change_password
from app.services.login import Credentials, login
from app.services.logout import logout
from app.services.principal import user_principal
from app.services.register import register


def sign_up(_request: Request, services: Services, *, body: NewUser) -> Response:
    """Register a user.

    A welcome is sent some time after. An address of e-mail is not asked whether it is the user's.
    409 says that the name is taken.
    """
    account = register(
        body.username,
        body.password,
        body.email,
        users=services.table("users"),
        welcome=services.queue("welcome"),
        passwords=services.passwords,
        clock=services.clock,
    )
    return answered(201, _user(account))


def log_in(request: Request, services: Services, *, body: Login) -> Response:
    """Begin a session, which lasts for twelve hours.

    With `cart_token`, what is in that guest's cart goes into the user's. A token that is not good,
    or no longer, keeps nobody out: `cart_merged` says whether it was taken along.

    401 says that the name or the password is wrong, and not which. After ten failed logins of one
    name, or fifty from one address, within fifteen minutes, 429 says when to try again; logins that
    are on their way at the same time count until they are done.
    """
    guest = _guest(body.cart_token, services)
    begun = login(
        Credentials(body.username, body.password, request.source_ip),
        users=services.table("users"),
        sessions=services.table("sessions"),
        throttle=throttle_of(services),
        passwords=services.passwords,
        tokens=services.tokens,
        clock=services.clock,
    )
    merged = guest is not None and try_to_merge(
        guest,
        user_principal(begun.account.user_id),
        carts=services.table("carts"),
        clock=services.clock,
    )
    session = Session(
        cart_merged=merged,
        token=begun.token,
        token_type="Bearer",  # noqa: S106 - its kind
        expires_at=begun.expires_at,
        user=_user(begun.account),
    )
    return answered(201, session)


def me(_request: Request, _services: Services, *, user: Caller) -> Response:
    """Who I am."""
    return answered(200, _user(user.account))


def set_password(
    request: Request, services: Services, *, user: Caller, body: PasswordChange
) -> Response:
    """Change my password, which ends all of my other sessions.

    422 also says that the old password is wrong; it counts as a failed login. 409 says that the
    password was changed at the same time.
    """
    change_password(
        user,
        Change(body.old_password, body.new_password, request.source_ip),
        users=services.table("users"),
        throttle=throttle_of(services),
        passwords=services.passwords,
    )
    return Response(status=204)


def log_out(_request: Request, services: Services, *, user: Caller) -> Response:
    """End this session.

    Tried again after an answer that was lost, it may say 401: the session has ended.
    """
    logout(user, sessions=services.table("sessions"))
    return Response(status=204)


ROUTES = {
    "POST /users": Operation(sign_up, takes=NewUser, gives={201: User}, refuses=(409,)),
    "POST /sessions": Operation(log_in, takes=Login, gives={201: Session}, refuses=(401, 429)),
    "GET /users/me": Operation(me, user=caller, gives={200: User}),
    "PUT /users/me/password": Operation(
        set_password, takes=PasswordChange, user=caller, gives={204: None}, refuses=(409, 429)
    ),
    "DELETE /sessions/current": Operation(log_out, user=caller, gives={204: None}),
    **RESETS,
}


def _user(account: Account) -> User:
    return User(
        username=account.shown,
        user_id=account.user_id,
        created_at=account.created_at,
        role=account.role,
        email=account.email,
    )


def _guest(token: str, services: Services) -> str | None:
    """Whose cart the token is of; None without one that is good. Raises PortError."""
    try:
        return guest_of(token, tokens=services.tokens) if token else None
    except UnauthenticatedError:
        return None
