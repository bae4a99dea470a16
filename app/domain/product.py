"""Products: what is sold, and what may be said of it."""

from dataclasses import dataclass

from app.domain.errors import InvalidError
from app.domain.money import MOST, currency
from app.domain.plain import plain
from app.domain.users import folded

NAME_MOST = 200
DESCRIPTION_MOST = 4000
CATEGORY_MOST = 64
PRICE_LEAST, PRICE_MOST = 1, MOST
IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_KEY_MOST = 128  # Unicode may write one character as eighteen


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an admin says of a product. `price` is in the currency's smallest unit.

    Customers see it while it is `active`. `category` is "" where it is of none.
    """

    name: str
    description: str
    price: int
    currency: str
    category: str
    active: bool


def checked(given: Draft) -> Draft:
    """The same in the form in which it is kept. Raises InvalidError."""
    if not PRICE_LEAST <= given.price <= PRICE_MOST:
        raise InvalidError(f"a price is {PRICE_LEAST} to {PRICE_MOST}", "$.price")
    category = _line(given.category, CATEGORY_MOST, "$.category")
    category_key(category, "$.category")
    name = _line(given.name, NAME_MOST, "$.name")
    if not name:
        raise InvalidError("a product has a name", "$.name")
    return Draft(
        name=name,
        description=_text(given.description.strip(), DESCRIPTION_MOST, "$.description"),
        price=given.price,
        currency=currency(given.currency),
        category=category,
        active=given.active,
    )


def category_key(category: str, field: str = "$.category") -> str:
    """One spelling for all of a category's, by which its products are found; of "", "".

    Raises InvalidError.
    """
    key = " ".join(folded(category).split())
    if len(category) > CATEGORY_MOST or len(key) > _KEY_MOST:
        raise InvalidError(f"a category has at most {CATEGORY_MOST} plain characters", field)
    return _text(key, _KEY_MOST, field)


def _line(text: str, most: int, field: str) -> str:
    return _text(" ".join(text.split()), most, field)


def _text(text: str, most: int, field: str) -> str:
    """The text. Raises InvalidError where it is too long, or holds what nobody can read."""
    if len(text) > most:
        raise InvalidError(f"this has at most {most} characters", field)
    return plain(text, field, lines=True)
