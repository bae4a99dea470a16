"""What a function on AWS opens costs nothing until it is used."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, sys
from app.bootstrap import Services
services = Services(os.environ)
bucket, queue, secrets = services.bucket("images"), services.queue("welcome"), services.secrets
assert bucket.public_url("a b") == "https://d1.cloudfront.net/a%20b"
print(sorted({"boto3", "botocore"} & set(sys.modules)))
"""


def test_stores_are_opened_and_public_addresses_told_without_loading_boto3() -> None:
    bucket = {"may": ["read"], "at": "b", "url": "https://d1.cloudfront.net", "public": True}
    queue = {"may": ["send"], "at": "https://sqs.eu-central-1.amazonaws.com/1/q"}
    secret = {"may": ["read"], "at": "shop/aws-dev/token-key"}
    environment = {
        "PYTHONPATH": str(ROOT),
        "SHOP_STACK": "aws-dev",
        "SHOP_HANDLER": "auth",
        "SHOP_ADAPTERS": "aws",
        "SHOP_BUCKETS": json.dumps({"images": bucket}),
        "SHOP_QUEUES": json.dumps({"welcome": queue}),
        "SHOP_SECRETS": json.dumps({"token-key": secret}),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
