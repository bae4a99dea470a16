"""Alibaba Cloud for the conformance suites: an account's services, or what plays them.

An account's are at their public addresses. Where SHOP_CONFORMANCE_AT names others, as
`{"oss": "http://127.0.0.1:1234"}` by the services' short names, they are asked there.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import pytest

from app.adapters.alicloud.acs3 import RefusedError, Service
from app.adapters.alicloud.keys import Keys
from app.adapters.common.calls import Endpoint, SilentError
from infra.alicloud.callers import callers_keys
from infra.alicloud.silence import unanswered
from infra.errors import PlatformError
from tests.support import mns_server, oos_server, oss_server
from tests.support.loopback import KEYS, REGION

AT = "SHOP_CONFORMANCE_AT"
REGION_OF = "ALICLOUD_REGION"
ADMIN_VERSION = "2020-12-09"
STS_VERSION = "2015-04-01"
_WAIT_S = 180.0


@dataclass(frozen=True, slots=True)
class Account:
    """Whose services these are, and at which address each answers.

    `at` has `oss`, `mns` and `oos`; a real one has `ots-admin` too, where instances are made.
    """

    keys: Keys
    region: str
    at: Mapping[str, str]
    real: bool

    def tables_at(self, instance: str) -> str:
        """Where an instance of TableStore answers."""
        return self.at.get("ots", f"https://{instance}.{self.region}.ots.aliyuncs.com")

    def bucket_at(self, bucket: str) -> str:
        """The address of a bucket for everybody."""
        if self.at["oss"].startswith("https://"):
            return self.at["oss"].replace("https://", f"https://{bucket}.", 1)
        return f"{self.at['oss']}/{bucket}"


def real_account(environment: Mapping[str, str] = os.environ) -> Account:
    """The account of the keys in these variables, which its region is among.

    Raises PlatformError where it cannot be known whose they are.
    """
    keys = Keys(*callers_keys(environment, "there is no account to run on"))
    region = environment[REGION_OF]
    at = json.loads(environment.get(AT, "{}"))
    usual = {
        "ots-admin": f"https://tablestore.{region}.aliyuncs.com",
        "oss": f"https://oss-{region}.aliyuncs.com",
        "oos": f"https://oos.{region}.aliyuncs.com",
    }
    if "mns" not in at:  # whose address has the account in it
        number = _number(at.get("sts", "https://sts.aliyuncs.com"), keys)
        usual["mns"] = f"https://{number}.mns.{region}.aliyuncs.com"
    return Account(keys, region, {**usual, **at}, real=True)


def _number(sts_at: str, keys: Keys) -> str:
    """The number of the account that these keys are of. Raises PlatformError."""
    what = f"whose key {keys.id} is"
    try:
        asked = Service(Endpoint(sts_at, 5, 20), lambda: keys, STS_VERSION)
        return str(asked.ask("GetCallerIdentity")["AccountId"])
    except SilentError as error:
        raise unanswered(what, error, undone="nothing was made", doubt="") from error
    except RefusedError as error:
        raise PlatformError(
            f"{what}: Alibaba Cloud refused to say ({error}), nothing was made\n"
            "→ see that the keys in the environment are good, and not expired"
        ) from error


@contextmanager
def played_account() -> Iterator[Account]:
    """Services on 127.0.0.1, of which each has nothing at first."""
    with ExitStack() as opened:
        servers = {
            "oss": opened.enter_context(oss_server.oss_server()).url,
            "mns": opened.enter_context(mns_server.mns_server()).url,
            "oos": opened.enter_context(oos_server.oos_server()).url,
        }
        yield Account(KEYS, REGION, servers, real=False)


@contextmanager
def made_instance(account: Account) -> Iterator[str]:
    """The name of an instance of TableStore that was made for this; afterwards it is not there.

    https://www.alibabacloud.com/help/en/tablestore/developer-reference, api-tablestore-2020-12-09-…
    createinstance, getinstance and deleteinstance. Its tables have to be deleted before.
    """
    endpoint = Endpoint(account.at["ots-admin"], 5, 20)
    admin = Service(endpoint, lambda: account.keys, ADMIN_VERSION)
    name = f"shop-t-{token_hex(4)}"
    asked: dict[str, Any] = {
        "InstanceName": name,
        "ClusterType": "SSD",
        "InstanceDescription": "Made by make conformance, which deletes it",
        "NetworkTypeACL": ["INTERNET", "VPC", "CLASSIC"],
    }
    once: tuple[float, ...] = ()
    admin.ask("CreateInstance", None, once, at=("POST", "/v2/openapi/createinstance"), body=asked)
    try:
        until(lambda: _status(admin, name) == "normal")
        yield name
    finally:
        deleted = {"InstanceName": name}
        admin.ask("DeleteInstance", at=("POST", "/v2/openapi/deleteinstance"), body=deleted)
        endpoint.close()


def until(there: Callable[[], bool]) -> None:
    """Come back when it is there; what was just made is known everywhere only after a while."""
    end = time.monotonic() + _WAIT_S
    while not there():
        assert time.monotonic() < end, f"what was made is not there after {_WAIT_S:.0f} s"
        time.sleep(1)


@pytest.fixture(scope="session")
def alicloud(request: pytest.FixtureRequest) -> Iterator[Account]:
    """The caller's own with `--cloud alicloud`, else what plays one."""
    if request.config.getoption("--cloud") == "alicloud":
        yield real_account()
        return
    with played_account() as found:
        yield found


def _status(admin: Service, name: str) -> str:
    with suppress(RefusedError, SilentError):
        asked = {"InstanceName": name}
        return str(
            admin.ask("GetInstance", asked, at=("GET", "/v2/openapi/getinstance"))["InstanceStatus"]
        )
    return ""
