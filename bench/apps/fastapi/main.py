"""The same answer by FastAPI, on Lambda by Mangum."""

import os

from fastapi import FastAPI  # type: ignore[import-not-found]
from mangum import Mangum  # type: ignore[import-not-found]

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/health")  # type: ignore[untyped-decorator]
async def health() -> dict[str, str]:
    """As the shop's."""
    return {"status": "ok", "stack": os.environ["SHOP_STACK"]}


handler = Mangum(app, lifespan="off")
