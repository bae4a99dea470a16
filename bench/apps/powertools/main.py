"""The same answer by AWS Lambda Powertools: its resolver, validated by pydantic, and its logger."""

import os
from typing import Any

from aws_lambda_powertools import Logger  # type: ignore[import-not-found]
from aws_lambda_powertools.event_handler import (  # type: ignore[import-not-found]
    APIGatewayHttpResolver,
)
from pydantic import BaseModel

app = APIGatewayHttpResolver(enable_validation=True)
logger = Logger(service="bench")


class Health(BaseModel):
    """As the shop's."""

    status: str
    stack: str


@app.get("/health")  # type: ignore[untyped-decorator]
def health() -> Health:
    """As the shop's."""
    return Health(status="ok", stack=os.environ["SHOP_STACK"])


@logger.inject_lambda_context  # type: ignore[untyped-decorator]
def handler(event: dict[str, Any], context: Any) -> Any:
    """What Lambda calls."""
    return app.resolve(event, context)
