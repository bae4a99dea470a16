"""What every part of the local cloud says when it does not make a change."""


class ChangeError(Exception):
    """A change that was not made, and why."""
