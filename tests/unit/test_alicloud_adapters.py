"""What a function on Alibaba Cloud opens costs nothing until it is used, and little then."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.adapters.alicloud import keys as names
from infra.packages.cuts import CUTS
from tests.support.loopback import KEYS, REGION
from tests.support.oss_server import oss_server

ROOT = Path(__file__).resolve().parents[2]
OPENED = """
import os, sys
before = set(sys.modules)
from app.bootstrap import Services
services = Services(os.environ)
bucket, queue, secrets = services.bucket("images"), services.queue("welcome"), services.secrets
table = services.table("users")
assert bucket.public_url("a b") == "https://files.shop.example/a%20b"
heavy = {"alibabacloud_oss_v2", "http.client", "requests", "ssl", "tablestore", "urllib3"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
USED = """
import os, sys
sys.modules["Crypto"] = None  # as in a package
from app.bootstrap import Services
bucket = Services(os.environ).bucket("images")
bucket.put("a", b"12345", "text/plain")
assert bucket.head("a").size == 5
assert bucket.get("a") == b"12345"
assert "content-length" in bucket.upload_url("a", "text/plain", 5, 60).url
assert "mns" not in sys.modules and "alibabacloud_oos20190601" not in sys.modules
print("done")
"""


def run(program: str, endpoint: str) -> tuple[str, str]:
    bucket = {
        "may": ["read", "write"],
        "at": "shop-test-images",
        "endpoint": endpoint,
        "region": REGION,
        "public": True,
        **({} if "127" in endpoint else {"url": "https://files.shop.example"}),
    }
    table: dict[str, Any] = {
        "may": ["read"],
        "at": "users",
        "partition": "username",
        "sort": None,
        "indexes": {},
    }
    environment = {
        "PYTHONPATH": str(ROOT),
        "SHOP_STACK": "alicloud-dev",
        "SHOP_HANDLER": "auth",
        "SHOP_ADAPTERS": "alicloud",
        "SHOP_BUCKETS": json.dumps({"images": bucket}),
        "SHOP_QUEUES": json.dumps({"welcome": {"may": ["send"], "at": "q", "endpoint": endpoint}}),
        "SHOP_SECRETS": json.dumps({"token-key": {"may": ["read"], "at": "shop-a-token-key"}}),
        "SHOP_TABLES": json.dumps({"users": {**table, "expiring": False}}),
        "SHOP_TABLESTORE": json.dumps({"endpoint": endpoint, "instance": "shop-test"}),
        **dict(zip((names.ID, names.SECRET, names.TOKEN), KEYS, strict=True)),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr


def test_stores_are_opened_and_public_addresses_told_without_loading_what_asks_them() -> None:
    assert run(OPENED, "https://x.aliyuncs.com") == ("[]\n", "")


def test_a_bucket_works_without_what_its_sdk_encrypts_with() -> None:
    assert CUTS["alibabacloud-oss-v2"].without == {"pycryptodome"}
    with oss_server() as server:
        server.make("shop-test-images")
        assert run(USED, server.url) == ("done\n", "")
