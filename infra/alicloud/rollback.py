"""Function Compute's alias, moved to an earlier version of a function.

Three operations of its API, each one signed request: its SDK (alibabacloud-fc20230330) brings the
same asynchronous client as that of OOS does. On alibabacloud.com, help/en/functioncompute:
api-fc-2023-03-30-getalias, …-listfunctionversions, …-updatealias and …-struct-error; the endpoints
are the SDK's (4.8.3).
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from app.adapters.alicloud.acs3 import RefusedError, Service
from app.adapters.common.calls import Endpoint, SilentError
from infra.alicloud.callers import callers_keys
from infra.alicloud.names import ALIAS
from infra.alicloud.silence import unanswered
from infra.errors import PlatformError
from infra.versions import Version, earlier, known

VERSION: Final = "2023-03-30"
_CONNECT_S = 5.0
_READ_S = 20.0
_AT_ONCE = "100"
_OTHERWISE = ("me-central-1", "cn-shanghai-finance-1", "cn-hangzhou-finance", "cn-heyuan-acdr-1")
_MISSING = frozenset({"AliasNotFound", "FunctionNotFound"})
_MOVED = "ConcurrentUpdateError"


def endpoint_of(region: str) -> str:
    """Where Function Compute's API answers in a region, whatever the account."""
    host = f"{region}.fc" if region in _OTHERWISE else f"fcv3.{region}"
    return f"https://{host}.aliyuncs.com"


def connect(region: str, environment: Mapping[str, str] = os.environ) -> Service:
    """Function Compute there, with the keys of whoever runs the command.

    Raises PlatformError without any.
    """
    keys = callers_keys(environment, "nothing was changed")
    return Service(Endpoint(endpoint_of(region), _CONNECT_S, _READ_S), lambda: keys, VERSION)


def roll_back(fc: Service, function: str, wanted: int | None) -> tuple[Version, Version]:
    """Move the function's alias; the version that was live, and the one that is now.

    It takes no condition: of two who move it at once, the later one counts. Raises PlatformError.
    """
    place = f"/{VERSION}/functions/{quote(function, safe='')}"
    alias = f"{place}/aliases/{ALIAS}"
    with _explained(function):
        found = fc.ask("GetAlias", at=("GET", alias))
        live = int(found["versionId"])
        versions = list(_versions(fc, place))
        chosen = earlier(function, versions, live, wanted)
        moved = {
            "versionId": str(chosen.number),
            "additionalVersionWeight": {},  # taken for none of them; not verified
            "description": found.get("description", ""),
        }
        fc.ask("UpdateAlias", at=("PUT", alias), body=moved)
    return known(versions, live), chosen


def _versions(fc: Service, place: str) -> Iterator[Version]:
    asked = {"direction": "BACKWARD", "limit": _AT_ONCE}
    while True:
        page: Any = fc.ask("ListFunctionVersions", asked, at=("GET", f"{place}/versions"))
        for each in page.get("versions") or ():
            if str(each["versionId"]).isdigit():  # LATEST is none that was published
                yield Version(int(each["versionId"]), str(each.get("createdTime", "")))
        if not page.get("nextToken"):
            return
        asked["nextToken"] = str(page["nextToken"])


@contextmanager
def _explained(function: str) -> Iterator[None]:
    """Raise PlatformError for what asking raises."""
    try:
        yield
    except RefusedError as error:
        raise PlatformError(_refused(function, error)) from None
    except SilentError as error:
        doubt = "; then run it again: its alias may have been moved"
        undone = "so nothing was changed"
        raise unanswered(function, error, undone=undone, doubt=doubt) from None


def _refused(function: str, error: RefusedError) -> str:
    if error.code in _MISSING:
        return (
            f"{function}: there is no such function with an alias {ALIAS} in this account and "
            "region, so nothing was changed\n→ make up makes it; the keys choose the account"
        )
    if error.code == _MOVED:
        return (
            f"{function}: somebody else is just moving its alias, so nothing was changed\n"
            "→ run it again if it is still needed"
        )
    return (
        f"{function}: Alibaba Cloud answered {error.action} with {error.code or 'no reason'} "
        f"({error.status}), and nothing was changed\n→ see that the keys are current, and that "
        "their user or role may do fc:GetAlias, fc:ListFunctionVersions and fc:UpdateAlias"
    )
