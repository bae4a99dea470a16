"""The same answer by starlette, for a bare uvicorn."""

from starlette.applications import Starlette  # type: ignore[import-not-found]
from starlette.requests import Request  # type: ignore[import-not-found]
from starlette.responses import JSONResponse  # type: ignore[import-not-found]
from starlette.routing import Route  # type: ignore[import-not-found]


async def health(_request: Request) -> JSONResponse:
    """As the shop's."""
    return JSONResponse({"status": "ok", "stack": "local"})


app = Starlette(routes=[Route("/health", health)])
