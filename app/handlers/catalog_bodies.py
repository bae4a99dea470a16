"""What the operations on products take and give, as the API's document shows it."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from app.domain import product as products
from app.domain.ids import PATTERN
from app.domain.money import CURRENCY
from app.domain.uploads import MOST_BYTES
from app.handlers.pages import Cursor
from app.operation import Hidden
from app.ports.blobs import Bucket
from app.services.product_rows import Product

QUERY_MOST = 200  # characters
_AN_ID = "01KAMPVE00ZK8J4F7C2R5Q9XTB"

ProductId = Annotated[str, Meta(pattern=PATTERN, description="A ULID.", examples=[_AN_ID])]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=products.NAME_MOST, description="One line.",
         examples=["Green tea, 100 g"]),
]  # fmt: skip
Description = Annotated[
    str,
    Meta(
        max_length=products.DESCRIPTION_MOST,
        description="Plain text.",
        examples=["From the first harvest."],
    ),
]
Price = Annotated[
    int,
    Meta(
        ge=products.PRICE_LEAST,
        le=products.PRICE_MOST,
        description="In the currency's smallest unit.",
        examples=[1_250],
    ),
]
Currency = Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217.", examples=["EUR"])]
Category = Annotated[
    str,
    Meta(
        max_length=products.CATEGORY_MOST,
        description="Capital or small, all one; empty: none.",
        examples=["Tea"],
    ),
]
Active = Annotated[bool, Meta(description="Whether customers see it.")]
Version = Annotated[
    int, Meta(ge=1, description="As it was seen: every edit raises it.", examples=[1])
]
Picture = Annotated[
    str | None, Meta(description="Where anyone may see it.", examples=["https://files.example/…"])
]
Upload = Annotated[str, Meta(pattern=PATTERN, description="A ULID.", examples=[_AN_ID])]
Moment = Annotated[int, Meta(description="UTC epoch milliseconds.", examples=[1764000000000])]
ImageType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
Query = Annotated[
    str,
    Meta(
        max_length=QUERY_MOST,
        description="Words of two characters and more, all of which are to be in the product; the "
        "first eight count.",
        examples=["green tea"],
    ),
]


class NewProduct(Hidden):
    """What is to be sold."""

    name: Name
    price: Price
    currency: Currency
    description: Description = ""
    category: Category = ""
    active: Active = True


class ChangedProduct(Hidden):
    """All that is said of a product; `version` is that of the one that it changes."""

    version: Version
    name: Name
    description: Description
    price: Price
    currency: Currency
    category: Category
    active: Active


class NewPicture(Hidden):
    """What picture is to be uploaded."""

    content_type: Annotated[ImageType, Meta(examples=["image/png"])]
    size: Annotated[int, Meta(ge=1, le=MOST_BYTES, description="In bytes.", examples=[48_213])]


class PicturePlace(Hidden):
    """Where to PUT the picture, with these headers, before the URL expires."""

    upload: Upload
    url: Annotated[str, Meta(description="Whoever has it may PUT there.",
                             examples=["https://files.example/…"])]  # fmt: skip
    headers: Annotated[dict[str, str], Meta(examples=[{"content-type": "image/png"}])]
    expires_at: Moment


class ChosenPicture(Hidden):
    """Which upload a product is to show, null for none; `version` is that of the product."""

    version: Version
    upload: Upload | None


class ListedProduct(Hidden):
    """A product as customers see it."""

    product: ProductId
    name: Name
    description: Description
    price: Price
    currency: Currency
    category: Category
    image: Picture


class ShownProduct(ListedProduct):
    """A product, and whether any of it is there."""

    in_stock: Annotated[bool, Meta(description="Whether there is a piece to be had.")]


class CatalogPage(Hidden):
    """A page of products; it may have fewer than were asked for while others follow."""

    products: list[ListedProduct]
    cursor: Cursor


class AdminProduct(ListedProduct):
    """A product as admins see it."""

    active: Active
    deleted: Annotated[bool, Meta(description="Whether it is sold no more, for good.")]
    version: Version
    created_at: Moment
    updated_at: Moment


class AdminProductPage(Hidden):
    """A page of all products."""

    products: list[AdminProduct]
    cursor: Cursor


def columns(found: Product, images: Bucket) -> dict[str, Any]:
    """What a ListedProduct says of this product."""
    return {
        "product": found.product,
        "name": found.name,
        "description": found.description,
        "price": found.price,
        "currency": found.currency,
        "category": found.category,
        "image": images.public_url(found.image) if found.image else None,
    }
