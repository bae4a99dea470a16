"""Bearer tokens: who is asking, signed, for a while."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token states: the user, the session that it belongs to, and when it ends.

    `expires_at` is in UTC epoch seconds.
    """

    user: str
    session: str
    expires_at: int


class Tokens(Protocol):
    """Makes tokens and reads them."""

    def issue(self, claims: Claims) -> str:
        """A token that states this, signed with the newest key. Raises as `Secrets.get` does."""

    def read(self, token: str) -> Claims:
        """What a token states. Raises TokenError for any that this shop did not sign or that ended.

        A token signed with an earlier key that is still kept is good.
        """
