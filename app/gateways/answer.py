"""A response as the mapping that AWS HTTP APIs and Function Compute both take."""

from binascii import b2a_base64

from app.messages import Response


def answer(response: Response) -> dict[str, object]:
    """`statusCode`, `headers`, `body` and `isBase64Encoded`, all of it fit for JSON."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.body
    if body and response.media_type:
        headers.setdefault("content-type", response.media_type)
    encoded = isinstance(body, bytes)
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": b2a_base64(body, newline=False).decode()
        if isinstance(body, bytes)
        else _text(body),
        "isBase64Encoded": encoded,
    }


def _text(body: str) -> str:
    """The body with half surrogates, which JSON can bring in but UTF-8 cannot say, made `?`."""
    return body if body.isascii() else body.encode("utf-8", "replace").decode()
