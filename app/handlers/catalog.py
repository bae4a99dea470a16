"""What the shop sells: lists, words to look for, one product.

Answers hold prices, and no cache on the way may keep one.
"""

from app.bootstrap import Services
from app.handlers.catalog_bodies import (
    CatalogPage,
    Category,
    ListedProduct,
    ProductId,
    Query,
    ShownProduct,
    columns,
)
from app.handlers.pages import Cursor, Limit, limit_of
from app.messages import Request, Response
from app.operation import Operation, answered
from app.services.get_product import get_product
from app.services.list_products import list_products
from app.services.search_products import search_products


def browse(request: Request, services: Services) -> Response:
    """List products, those of a category, those that have some words.

    In the order in which they were put on the shelf. Go on with `cursor` until it is empty: no
    product is left out or repeated, whatever is added meanwhile. A page of a search may have fewer
    products than asked for, or none, while others follow. An edit shows in lists a moment later.
    """
    asked = {name: request.query.get(name, "") for name in ("q", "category", "cursor")}
    limit = limit_of(request)
    products = services.table("products")
    if asked["q"]:
        page = search_products(
            asked["q"],
            asked["category"],
            asked["cursor"],
            limit,
            products=products,
            words=services.table("words"),
        )
    else:
        page = list_products(asked["category"], asked["cursor"], limit, products=products)
    images = services.bucket("images")
    listed = [ListedProduct(**columns(each, images)) for each in page.products]
    return answered(200, CatalogPage(products=listed, cursor=page.cursor))


def look(request: Request, services: Services) -> Response:
    """Find a product, as it is now."""
    found = get_product(
        request.path_parameters["product"],
        products=services.table("products"),
        stock=services.table("stock"),
    )
    shown = columns(found.product, services.bucket("images"))
    return answered(200, ShownProduct(**shown, in_stock=found.in_stock))


ROUTES = {
    "GET /products": Operation(
        browse,
        gives={200: CatalogPage},
        refuses=(422,),
        parameters={"q": Query, "category": Category, "cursor": Cursor, "limit": Limit},
    ),
    "GET /products/{product}": Operation(
        look, gives={200: ShownProduct}, refuses=(404,), parameters={"product": ProductId}
    ),
}
