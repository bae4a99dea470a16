"""A stack on Alibaba Cloud that the real engine runs with the provider's plugin on PATH.

The plugin on PATH may be a stand-in that answers from the provider's schema: it refuses unknown,
missing and mistyped arguments, makes up what the cloud would tell, and reaches no cloud.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.engine_stack import EngineStack, made, plugin

KEYS = {"ALICLOUD_ACCESS_KEY": "test", "ALICLOUD_SECRET_KEY": "test"}
PROVIDER = {
    "alicloud:accountId": "1234567890123456",  # what the stand-in makes up tells of no account
    "alicloud:skipRegionValidation": "true",
}


@contextmanager
def stack(folder: Path, name: str) -> Iterator[EngineStack]:
    """The stack `name` of a whole copy of the checkout, made and not up."""
    plugin("alicloud")
    with made(folder, name, "alicloud", KEYS) as found:
        settings = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in PROVIDER.items())
        found.project.edit(found.file, "\nconfig:\n", f"\nconfig:\n{settings}")
        yield found
