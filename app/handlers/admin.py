"""What admins do: products, promotions, stock, orders, and what the audit trail tells of it."""

from app.handlers.admin_audit import AUDIT
from app.handlers.admin_orders import ORDERS
from app.handlers.admin_products import ROUTES_PRODUCTS
from app.handlers.admin_promotions import PROMOTIONS
from app.handlers.admin_stock import STOCK

ROUTES = {
    **ROUTES_PRODUCTS,
    **PROMOTIONS,
    **STOCK,
    **ORDERS,
    **AUDIT,
}
