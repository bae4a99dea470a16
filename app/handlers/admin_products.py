"""What admins do with products and their pictures."""

from app.bootstrap import Services
from app.domain.product import Draft
from app.handlers.bearer import admin
from app.handlers.catalog_bodies import (
    AdminProduct,
    AdminProductPage,
    ChangedProduct,
    ChosenPicture,
    NewPicture,
    NewProduct,
    PicturePlace,
    ProductId,
    columns,
)
from app.handlers.pages import Cursor, Limit, limit_of
from app.messages import Request, Response
from app.operation import Operation, answered
from app.ports.blobs import Bucket
from app.services.authenticate import Caller
from app.services.change_product import change_product
from app.services.create_product import create_product
from app.services.delete_product import delete_product
from app.services.edit_product import Stores
from app.services.list_products import list_all_products
from app.services.product_images import begin_image, set_image
from app.services.product_rows import Product, product, product_row


def list_all(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """List all products, those that customers do not see and the deleted ones too."""
    page = list_all_products(
        request.query.get("cursor", ""), limit_of(request), products=services.table("products")
    )
    images = services.bucket("images")
    listed = [_seen(each, images) for each in page.products]
    return answered(200, AdminProductPage(products=listed, cursor=page.cursor))


def create(_request: Request, services: Services, *, user: Caller, body: NewProduct) -> Response:
    """Put a product on the shelf.

    Nothing of it is in stock yet.
    """
    made = create_product(
        _draft(body),
        user.account.user_id,
        stores=_stores(services),
        stock=services.table("stock"),
    )
    return answered(201, _seen(made, services.bucket("images")))


def look(request: Request, services: Services, *, user: Caller) -> Response:  # noqa: ARG001
    """Find a product, whoever sees it."""
    row = product_row(request.path_parameters["product"], services.table("products"))
    return answered(200, _seen(product(row), services.bucket("images")))


def change(request: Request, services: Services, *, user: Caller, body: ChangedProduct) -> Response:
    """Change a product.

    409 says that it was edited since it was looked at, or deleted. Orders that were placed keep
    their prices.
    """
    changed = change_product(
        request.path_parameters["product"],
        body.version,
        _draft(body),
        user.account.user_id,
        stores=_stores(services),
    )
    return answered(200, _seen(changed, services.bucket("images")))


def delete(request: Request, services: Services, *, user: Caller) -> Response:
    """Delete a product: no customer sees it again.

    Asked again, it is deleted still. 409 says that it is being edited just now.
    """
    an_id = request.path_parameters["product"]
    delete_product(an_id, user.account.user_id, stores=_stores(services))
    return Response(status=204)


def begin(request: Request, services: Services, *, user: Caller, body: NewPicture) -> Response:  # noqa: ARG001
    """Begin to upload a picture.

    PUT the file to `url` with `headers` within fifteen minutes, then name `upload` as the product's
    picture. 409 says that twenty are unfinished, or that the product was deleted.
    """
    begun = begin_image(
        request.path_parameters["product"], body.content_type, body.size, stores=_stores(services)
    )
    place = PicturePlace(
        upload=begun.key,
        url=begun.place.url,
        headers=dict(begun.place.headers),
        expires_at=begun.expires_at,
    )
    return answered(201, place)


def choose(request: Request, services: Services, *, user: Caller, body: ChosenPicture) -> Response:
    """Have a product show a picture that was uploaded for it, or none.

    The file is looked at; the picture before it is removed. 409 says that the product was edited
    since it was looked at, or that the file has not been PUT yet, or that it is not of the size and
    type that were declared: then it is removed, and 404 from then on.
    """
    shown = set_image(
        request.path_parameters["product"],
        body.version,
        body.upload or "",
        user.account.user_id,
        stores=_stores(services),
    )
    return answered(200, _seen(shown, services.bucket("images")))


_ID = {"product": ProductId}
ROUTES_PRODUCTS = {
    "GET /admin/products": Operation(
        list_all,
        user=admin,
        gives={200: AdminProductPage},
        refuses=(403, 422),
        parameters={"cursor": Cursor, "limit": Limit},
    ),
    "POST /admin/products": Operation(
        create, takes=NewProduct, user=admin, gives={201: AdminProduct}, refuses=(403,)
    ),
    "GET /admin/products/{product}": Operation(
        look, user=admin, gives={200: AdminProduct}, refuses=(403, 404), parameters=_ID
    ),
    "PUT /admin/products/{product}": Operation(
        change,
        takes=ChangedProduct,
        user=admin,
        gives={200: AdminProduct},
        refuses=(403, 404, 409),
        parameters=_ID,
    ),
    "DELETE /admin/products/{product}": Operation(
        delete, user=admin, gives={204: None}, refuses=(403, 404, 409), parameters=_ID
    ),
    "POST /admin/products/{product}/images": Operation(
        begin,
        takes=NewPicture,
        user=admin,
        gives={201: PicturePlace},
        refuses=(403, 404, 409),
        parameters=_ID,
    ),
    "PUT /admin/products/{product}/image": Operation(
        choose,
        takes=ChosenPicture,
        user=admin,
        gives={200: AdminProduct},
        refuses=(403, 404, 409),
        parameters=_ID,
    ),
}


def _stores(services: Services) -> Stores:
    return Stores(
        products=services.table("products"),
        words=services.table("words"),
        uploads=services.table("image_uploads"),
        images=services.bucket("images"),
        events=services.queue("events"),
        clock=services.clock,
    )


def _draft(body: NewProduct | ChangedProduct) -> Draft:
    return Draft(
        name=body.name,
        description=body.description,
        price=body.price,
        currency=body.currency,
        category=body.category,
        active=body.active,
    )


def _seen(found: Product, images: Bucket) -> AdminProduct:
    return AdminProduct(
        **columns(found, images),
        active=found.active,
        deleted=found.deleted,
        version=found.version,
        created_at=found.created_at,
        updated_at=found.updated_at,
    )
