"""What `make seed` puts on the shelves, read from the file beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from infra import yaml_file
from infra.cli.picture import PATTERNS, picture

GOODS = Path(__file__).with_name("seed_goods.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """A product: its price in the currency's smallest unit, `stock` in pieces."""

    category: str
    name: str
    description: str
    price: int
    currency: str
    stock: int
    pattern: str

    @property
    def known_by(self) -> tuple[str, str]:
        """What tells it from all others; the shop takes categories capital or small."""
        return self.category.casefold(), self.name

    @property
    def image(self) -> bytes:
        """Its picture, a PNG; always the same."""
        return picture(self.name, self.pattern)

    def body(self) -> dict[str, str | int]:
        """What the shop is told of it."""
        return {
            "name": self.name,
            "description": self.description,
            "price": self.price,
            "currency": self.currency,
            "category": self.category,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A code: `value` is percent, or an amount as `minimum` is; it can be used `uses` times."""

    code: str
    kind: Literal["percent", "fixed"]
    value: int
    currency: str
    minimum: int
    uses: int


@dataclass(frozen=True, slots=True)
class Goods:
    """Everything that a shop is filled with."""

    wares: tuple[Ware, ...]
    promotions: tuple[Promotion, ...]


def goods(path: Path = GOODS) -> Goods:
    """What the file says. Products of a category share a pattern."""
    found: Any = yaml_file.load(path.read_bytes())
    currency = str(found["currency"])
    wares = tuple(
        Ware(
            category=category,
            name=each["name"],
            description=each["text"],
            price=each["price"],
            currency=currency,
            stock=each["stock"],
            pattern=PATTERNS[number % len(PATTERNS)],
        )
        for number, (category, listed) in enumerate(found["categories"].items())
        for each in listed
    )
    promotions = tuple(Promotion(currency=currency, **each) for each in found["promotions"])
    return Goods(wares, promotions)
