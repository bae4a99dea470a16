"""`--cloud` with an account that does not answer: one message, and nothing else is tried."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.alicloud_account import AT

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:1"
ON_AWS = {
    "AWS_ENDPOINT_URL": NOBODY,
    "AWS_ACCESS_KEY_ID": "AKIA-mine",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_MAX_ATTEMPTS": "1",
}
ON_ALICLOUD = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI-mine",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hunter2",
    "ALICLOUD_REGION": "cn-shanghai",
    AT: f'{{"sts": "{NOBODY}"}}',
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("cloud", "environment", "told"),
    [
        ("aws", ON_AWS, "AWS does not say whose the credentials are, nothing was made: "),
        ("alicloud", ON_ALICLOUD, "whose key LTAI-mine is: Alibaba Cloud did not answer "),
    ],
)
def test_an_account_that_does_not_answer_ends_the_run_in_words(
    tmp_path: Path, cloud: str, environment: dict[str, str], told: str
) -> None:
    said = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--cloud", cloud, "-q", "-p", "no:cacheprovider"),
            *(f"--basetemp={tmp_path / 'run'}", "tests/conformance/queue/test_queue.py"),
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert f"Exit: {told}" in said.stdout
    assert "\n→ " in said.stdout
    assert "Traceback" not in said.stdout + said.stderr
    assert "hunter2" not in said.stdout + said.stderr
