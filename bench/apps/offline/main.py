"""The same answer by a handler for Lambda, for serverless-offline."""

import json
from typing import Any


def health(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """As the shop's."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"status": "ok", "stack": "local"}),
    }
