"""How Lambda calls a function, and the boto3 that it brings along, for `function_process`.

What the function asks of boto3 is told with each answer.
"""

import importlib
from pathlib import Path

from infra.packages.runtime import LAMBDA

PRELUDE = """
import boto3
boto3.setup_default_session()

def asked(params, model, context, **_):
    context["told"] = call = {
        "service": model.service_model.service_name, "operation": model.name, "status": 0,
        "params": {k: v for k, v in params.items() if k in KNOWN},
    }
    calls.append(call)

def answered(http_response, model, context, **_):
    context["told"]["status"] = http_response.status_code

KNOWN = {"TableName", "IndexName", "Bucket", "Key", "CopySource", "QueueUrl", "SecretId"}
events = boto3.DEFAULT_SESSION.events
events.register("before-parameter-build", asked)
events.register("after-call", answered)

class Context:
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8de0fbee0"
    def get_remaining_time_in_millis(self):
        return 10_000

def called(function, event):
    return function(event, Context())
"""


def shipped(folder: Path) -> Path:
    """A folder with what Lambda's runtime brings along, and nothing else, from this environment."""
    folder.mkdir()
    for name in sorted(LAMBDA.ships):
        found = Path(str(importlib.import_module(name).__file__))
        source = found.parent if found.name == "__init__.py" else found
        (folder / source.name).symlink_to(source)
    return folder
