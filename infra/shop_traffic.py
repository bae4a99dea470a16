"""What customers do in the shop: each route's share, where a stack states no other.

Of a hundred requests some eighty look at goods, a dozen are about carts, and one places an order,
which brings a few more with it: a shop in which two or three of a hundred visits, of some thirty
requests each, end with an order. It is a start. What the shop's own log counts is better: state
that under `traffic.mix`.
"""

from collections.abc import Mapping
from typing import Final

MIX: Final[Mapping[str, float]] = {
    # looking around
    "GET /products": 45,
    "GET /products/{product}": 34,
    # filling a cart; its page shows it again after each change
    "POST /carts": 2,
    "GET /cart": 6,
    "POST /cart/lines": 4,
    "PUT /cart/lines/{product}": 0.6,
    "DELETE /cart/lines/{product}": 0.4,
    "DELETE /cart": 0.05,
    # who buys logs in first; few are new
    "POST /sessions": 1,
    "POST /users": 0.3,
    "GET /users/me": 1.2,
    "DELETE /sessions/current": 0.2,
    "POST /password-resets": 0.05,
    "POST /password-resets/{token}": 0.03,
    "PUT /users/me/password": 0.02,
    # buying, and a look at what was bought
    "POST /orders": 1,
    "POST /orders/{order}/confirm": 1,
    "GET /orders": 0.5,
    "GET /orders/{order}": 1,
    "POST /orders/{order}/cancel": 0.1,
    "GET /payments/fake/{payment}": 1,
    "POST /payments/fake/{payment}": 1,
    # the provider tells of each payment, of one in five twice
    "POST /payments/webhooks": 1.2,
    "POST /uploads": 0.1,
    "GET /uploads/{key}": 0.1,
    # the few who run it: each order is sent off, and the stock is kept
    "GET /admin/orders": 0.2,
    "GET /admin/orders/{order}": 0.2,
    "POST /admin/orders/{order}/fulfil": 0.3,
    "POST /admin/orders/{order}/cancel": 0.02,
    "POST /admin/orders/{order}/refunds": 0.03,
    "GET /admin/products": 0.1,
    "POST /admin/products": 0.02,
    "GET /admin/products/{product}": 0.1,
    "PUT /admin/products/{product}": 0.05,
    "DELETE /admin/products/{product}": 0.01,
    "POST /admin/products/{product}/images": 0.02,
    "PUT /admin/products/{product}/image": 0.02,
    "GET /admin/products/{product}/stock": 0.05,
    "POST /admin/products/{product}/stock": 0.05,
    "GET /admin/promotions": 0.02,
    "POST /admin/promotions": 0.01,
    "GET /admin/promotions/{code}": 0.02,
    "PUT /admin/promotions/{code}": 0.01,
    "GET /admin/audit": 0.02,
}
"""Shares by route, of any sum. A route that is not here, such as GET /health, has none: its limits
stay as declared."""
