"""`--cloud alicloud`, tried without an account: it makes all it needs, and leaves nothing."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.alicloud_account import AT
from tests.support.loopback import KEYS, REGION
from tests.support.mns_server import mns_server
from tests.support.oos_server import oos_server
from tests.support.oss_server import oss_server
from tests.support.tablestore_admin import admin_server

ROOT = Path(__file__).resolve().parents[2]
# a part of each suite by default; the whole with --soak
FILES = ("queue/test_queue.py", "secrets/test_secrets.py", "blobs/test_public_urls.py")
PART = (
    *(f"tests/conformance/{file}" for file in (*FILES, "tables/test_rows.py")),
    *("-k", "alicloud or tablestore"),
)
VARIABLES = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")


@pytest.mark.long
def test_the_suites_run_by_the_callers_keys_and_the_account_is_as_it_was(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as opened:
        admin, at = opened.enter_context(admin_server())
        oss = opened.enter_context(oss_server())
        mns = opened.enter_context(mns_server())
        oos = opened.enter_context(oos_server())
        at |= {"oss": oss.url, "mns": mns.url, "oos": oos.url}
        keys = zip((f"ALIBABA_CLOUD_{name}" for name in VARIABLES), KEYS, strict=True)
        base = {**os.environ, **dict(keys), "ALICLOUD_REGION": REGION, AT: json.dumps(at)}
        whole = request.config.getoption("--soak")
        said = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--cloud", "alicloud", "-q"),
                *("-p", "no:cacheprovider", f"--basetemp={tmp_path / 'run'}"),
                *(("tests/conformance", "-k", "not account") if whole else PART),
            ],
            cwd=ROOT,
            env=base,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stdout + said.stderr
        assert " passed" in said.stdout
        assert len(admin.made) == 1
        assert not admin.there
        assert admin.instance.asked.count("PutRow") > 1
        assert oss.asked
        assert mns.asked
        assert "CreateSecretParameter" in oos.asked
        assert (oss.buckets, mns.queues, oos.parameters) == ({}, {}, {})
