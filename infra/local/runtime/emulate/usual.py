"""The usual result of a handler, encoded fast."""

from typing import Any

import orjson


def usual_result(result: Any) -> bytes | None:
    """A plain response as compact JSON, or None for whatever a runtime has its own rules for.

    Plain is a dict with a `statusCode` whose values are texts, integers, booleans and None, or
    dicts and lists of texts. How it is spaced cannot be seen, since the gateway takes it apart.
    """
    if type(result) is not dict or "statusCode" not in result:
        return None
    for value in result.values():
        kind = type(value)
        if kind is str or kind is int or kind is bool or value is None:
            continue
        if kind is dict:
            value = value.values()  # noqa: PLW2901 - its keys are left to orjson
        elif kind is not list:
            return None
        for each in value:
            if type(each) is not str:
                return None
    try:
        return orjson.dumps(result)
    except TypeError:
        return None  # a key that is no text, an integer beyond 64 bits, a lone surrogate
