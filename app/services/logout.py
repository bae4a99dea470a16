"""Logout: without its row, a session's token is good for nothing."""

from app.ports.tables import Table
from app.services.authenticate import Caller


def logout(caller: Caller, *, sessions: Table) -> None:
    """End the caller's session. Raises PortError; then it may have ended, or not."""
    sessions.delete({"session": caller.session})
