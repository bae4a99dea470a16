"""Whether the function runs at all; it asks nothing of any store."""

from app.bootstrap import Services
from app.messages import Request, Response, json_response


def health(_request: Request, services: Services) -> Response:
    """200 and the stack's name."""
    return json_response(200, {"status": "ok", "stack": services.stack})


ROUTES = {"GET /health": health}
