"""The functions of a stack on Alibaba Cloud, packed for this machine and run beside its fakes.

Each is built by the code that packs it for the cloud, is what is in its zip, and has the variables
that the stack's program gives it, with the fakes' addresses in the places of the cloud's. In the
end its role's policy, as the program declares it, is held against all that it asked for.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.adapters.alicloud import keys, oss
from app.adapters.alicloud.blobs import OssBucket
from app.adapters.alicloud.tables import TableStoreTable
from app.adapters.common.tables import schema_of
from infra.alicloud.names import Names
from infra.alicloud.packages import archive
from infra.alicloud.places import Places
from infra.bundles import bundles
from infra.model import Platform
from infra.packages.build import build
from infra.packages.deployed import Code
from infra.packages.runtime import FUNCTION_COMPUTE, host
from infra.packages.tools import this_machine
from tests.support.alicloud_calls import Call, uses
from tests.support.alicloud_events import http_event, queue_event, schedule_event
from tests.support.alicloud_fakes import Fakes
from tests.support.alicloud_program import ACCOUNT, REGION
from tests.support.function_process import Answer, FunctionProcess, foreign, running
from tests.support.loopback import KEYS
from tests.support.program import ROOT, Declared
from tests.support.role_policies import Judged, Rule, Use, rules
from tests.support.walk import NONE

_MAY = {
    **dict.fromkeys(("GetRow", "GetRange", "BatchGetRow"), "read"),
    **dict.fromkeys(("PutRow", "UpdateRow", "DeleteRow"), "write"),
    **dict.fromkeys(("GetObject", "ListObjects", "GetSecretParameter", "GetSecretValue"), "read"),
    **dict.fromkeys(("PutObject", "DeleteObject"), "write"),
    "SendMessage": "send",
}
_KINDS = {"ots": "table", "oss": "bucket", "mns": "queue", "oos": "secret", "kms": "secret"}
# the event is bytes, its text is not only ASCII, and the context tells the time-out
_PRELUDE = """
class Function:
    timeout = {timeout}

class Context:
    request_id = "1-64f6cd87-53c6dd9fe0cc"
    function = Function()

def called(function, event):
    return function(json.dumps(event, ensure_ascii=False).encode(), Context())
"""


@dataclass(slots=True)
class Packed:
    """The functions by their names, what is declared of them, and what plays the cloud."""

    names: Names
    fakes: Fakes
    declared: Declared
    functions: Mapping[str, FunctionProcess]
    folder: Path
    _asked: dict[str, list[Call]] = field(default_factory=dict)
    _last: str = ""

    def ask(
        self,
        function: str,
        route: str,
        body: object = None,
        *,
        headers: Mapping[str, str] = NONE,
        query: Mapping[str, str] = NONE,
        of: Mapping[str, str] = NONE,
    ) -> Answer:
        """What the function answers to a request."""
        self._turn(function)
        return self.functions[function].ask(http_event(route, body, headers, query, of))

    def table(self, name: str) -> TableStoreTable:
        """A table, whatever is granted."""
        self._turn("")
        return TableStoreTable(
            name, schema_of(self._stated("SHOP_TABLES", name)), self.fakes.client
        )

    def bucket(self, name: str) -> OssBucket:
        """A bucket, whatever is granted."""
        self._turn("")
        at = self._stated("SHOP_BUCKETS", name)["at"]
        client = oss.make(self.fakes.at["oss"], REGION, lambda: KEYS)
        return OssBucket(name, at, lambda: client, lambda: client)

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return self.fakes.tables.rows(table)

    def published(self, url: str) -> bytes:
        """What anyone gets from OSS, unsigned."""
        self._turn("")
        answer = httpx.get(url, trust_env=False, timeout=20)
        assert answer.status_code == httpx.codes.OK, answer.text
        self.fakes.calls.clear()
        return answer.content

    def taken(self, queue: str) -> list[str]:
        """Take the messages out of a queue; their bodies."""
        waiting = self.fakes.queues.queues[self.names.of(queue)]
        bodies = [each.body for each in waiting]
        waiting.clear()
        return bodies

    def deliver(self, queue: str) -> int:
        """Hand a queue's messages to its consumer, twice, as EventBridge may; how many."""
        for trigger in self._triggers("eventbridge"):
            config = json.loads(trigger["triggerConfig"])
            source = config["eventSourceConfig"]["eventSourceParameters"]["sourceMNSParameters"]
            if source["QueueName"] == self.names.of(queue):
                return self._delivered(trigger, source["QueueName"], config["runOptions"])
        raise KeyError(queue)

    def _delivered(self, trigger: Mapping[str, Any], queue: str, options: Any) -> int:
        assert options["mode"] == "event-streaming", "its event is a list"
        waiting = self.fakes.queues.queues[queue]
        count = 0
        while found := waiting[: options["batchWindow"]["CountBasedWindow"]]:
            for _ in range(2):
                assert self._called(trigger, queue_event(found, queue)) is None
            for each in found:
                waiting.remove(each)
            count += len(found)
        return count

    def tick(self, schedule: str) -> None:
        """Have a schedule be due."""
        (trigger,) = (e for e in self._triggers("timer") if e["triggerName"] == schedule)
        payload = json.loads(trigger["triggerConfig"])["payload"]
        self._called(trigger, schedule_event(trigger["triggerName"], payload))

    def imported_elsewhere(self) -> set[str]:
        """What any of them imported from neither its package nor Python."""
        return {
            file
            for name, function in self.functions.items()
            for file in foreign(function.files, self.folder / name, self.folder / "runtime")
        }

    def judged(self) -> Judged:
        """What the functions did until now, and their roles as they are declared."""
        self._turn("")
        policies = {
            each["policyName"]: json.loads(each["policyDocument"])
            for each in self.declared.every("alicloud:ram/policy:Policy")
        }
        return Judged(
            {name: rules([policies[self.names.of(name)]]) for name in self.functions},
            {
                name: {use for call in calls for use in uses(call, self._places)}
                | set(self._by_function_compute(name))
                for name, calls in ((each, self._asked.get(each, [])) for each in self.functions)
            },
        )

    def grant_of(self, rule: Rule) -> tuple[str, str]:
        """What the shop's page grants for a rule: what it may, and on what, as `table users`.

        To read an index is to read its table.
        """
        service, _, action = rule.action.partition(":")
        shown = rule.resource.rpartition(":")[2].removesuffix("/*").removesuffix("/messages")
        for each in self.declared.every("alicloud:ots/secondaryIndex:SecondaryIndex"):
            if shown.endswith(f"/{each['indexName']}"):
                shown = each["tableName"]
        shown = shown.rpartition("/")[2].strip("*")
        for before in (self.names.of(""), self.names.bucket("")):
            shown = shown.removeprefix(before)
        return _MAY.get(action, rule.action), f"{_KINDS.get(service, service)} {shown}"

    @property
    def _places(self) -> Places:
        return Places(self.names, REGION, ACCOUNT)

    def _by_function_compute(self, name: str) -> Iterator[Use]:
        """What Function Compute does in the function's name."""
        log = self._inputs(name)["logConfig"]
        store = f"project/{log['project']}/logstore/{log['logstore']}"
        yield Use("log:PostLogStoreLogs", f"acs:log:{REGION}:{ACCOUNT}:{store}")
        for each in self.declared.every("alicloud:fc/v3AsyncInvokeConfig:V3AsyncInvokeConfig"):
            if each["functionName"] == self.names.of(name):
                failed = each["destinationConfig"]["onFailure"]["destination"]
                yield Use("mns:SendMessage", failed)

    def _inputs(self, name: str) -> Mapping[str, Any]:
        return inputs(self.declared, self.names.of(name))

    def _triggers(self, kind: str) -> list[Mapping[str, Any]]:
        every = self.declared.every("alicloud:fc/v3Trigger:V3Trigger")
        return [each for each in every if each["triggerType"] == kind]

    def _called(self, trigger: Mapping[str, Any], event: object) -> Any:
        (name,) = [e for e in self.functions if self.names.of(e) == trigger["functionName"]]
        self._turn(name)
        found = self.functions[name].invoke(event)
        self._turn("")
        return found

    def _stated(self, variable: str, name: str) -> Any:
        """What the functions that use it are told of it."""
        stated = (
            json.loads(self._inputs(each)["environmentVariables"].get(variable, "{}")).get(name)
            for each in self.functions
        )
        return next(each for each in stated if each is not None)

    def _turn(self, function: str) -> None:
        """It is this function's turn: what was asked until now is the one before's, or nobody's.

        Browsers use the addresses that the last function signed with its own keys: so that is its.
        """
        self._asked.setdefault(self._last, []).extend(self.fakes.calls)
        self.fakes.calls.clear()
        self._last = function


def inputs(declared: Declared, function: str) -> Mapping[str, Any]:
    """What is declared of a function, by its name in the account."""
    every = declared.every("alicloud:fc/v3Function:V3Function")
    (found,) = [each for each in every if each["functionName"] == function]
    return found


@contextmanager
def packed(
    platform: Platform, names: Names, declared: Declared, fakes: Fakes, folder: Path
) -> Iterator[Packed]:
    """All functions of the platform, each in a process of its own; afterwards they are gone."""
    runtime = host(FUNCTION_COMPUTE)
    built = build(ROOT, bundles(ROOT, platform, "alicloud", "alicloud"), runtime, this_machine())
    (folder / "runtime").mkdir()  # it brings nothing along that packages do not have themselves
    with ExitStack() as opened:
        functions = {}
        for name, package in built.items():
            stated = inputs(declared, names.of(name))
            whole = archive(Code(package.folder, package.handler), folder / "archives")
            with zipfile.ZipFile(whole.file) as content:
                content.extractall(folder / name)
            functions[name] = opened.enter_context(
                running(
                    _PRELUDE.format(timeout=int(stated["timeout"])),
                    folder / name,
                    stated["handler"],
                    {
                        **dict(zip((keys.ID, keys.SECRET, keys.TOKEN), KEYS, strict=True)),
                        keys.REGION: REGION,
                        **fakes.led_here(stated["environmentVariables"]),
                    },
                    folder / "runtime",
                    folder / f"{name}.log",
                )
            )
        yield Packed(names, fakes, declared, functions, folder)
