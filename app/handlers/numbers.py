"""Numbers that a function's environment may state."""

from app.bootstrap import ConfigurationError, Services


def number(services: Services, key: str, usual: int, most: int, *, wrong: str, of: str = "") -> int:
    """The number under `key`, 1 to `most`, or the `usual` one where the environment says none.

    Raises ConfigurationError, which tells what is `wrong` then, and what it is a number `of`.
    """
    given = services.environment.get(key, "")
    if not given:
        return usual
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= most):
        meant = f", {of}" if of else ""
        raise ConfigurationError(
            f"{key} is {given!r}: {wrong}; make it a number of 1 to {most}{meant}"
        )
    return int(given)
