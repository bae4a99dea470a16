"""What a client is told went wrong; `app/handlers/status.py` gives each its HTTP status.

DomainError
├── InvalidError          a value that cannot be used
├── UnauthenticatedError  no token, or none that is good
├── ForbiddenError        it is known who asks, and he may not
├── NotFoundError         there is no such thing, or it is not the asker's to see
├── ConflictError         things are not as this would need them
│   └── PriceChangedError it costs something else now
└── TooManyError          too often; when to try again
"""


class DomainError(Exception):
    """Its text is shown to the client, so it must be fit for that."""


class InvalidError(DomainError):
    """A value that cannot be used; `field` names it as the client wrote it (`$.username`)."""

    def __init__(self, detail: str, field: str = "$") -> None:
        self.field = field
        super().__init__(detail)


class UnauthenticatedError(DomainError):
    """There is no token, or none that is good; `token_given` tells which."""

    def __init__(self, detail: str, *, token_given: bool = False) -> None:
        self.token_given = token_given
        super().__init__(detail)


class ForbiddenError(DomainError):
    """It is known who asks, and he may not."""


class NotFoundError(DomainError):
    """There is no such thing, or it is not the asker's to see."""


class ConflictError(DomainError):
    """Things are not as this would need them."""


class PriceChangedError(ConflictError):
    """It does not cost what was expected; `total` and `currency` are what it costs now."""

    def __init__(self, total: int, currency: str) -> None:
        self.total = total
        self.currency = currency
        super().__init__("it costs something else now: look at the cart, and order for its total")


class TooManyError(DomainError):
    """This was tried too often; it may be tried again after `retry_after_s` seconds."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)
