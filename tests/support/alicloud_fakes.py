"""The services of Alibaba Cloud on 127.0.0.1, with what a stack's program declares in them.

Each takes signed requests alone, and each request is noted.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.adapters.alicloud import clients
from app.adapters.alicloud.oos import Oos
from app.adapters.alicloud.sdk import sdk
from app.adapters.common.calls import Endpoint
from infra.alicloud.secret_store import SecretParameters
from tests.support import mns_server, oos_server, oss_server, tablestore_server
from tests.support.alicloud_calls import Call, Service
from tests.support.loopback import KEYS, REGION, Answered, Asked, serving
from tests.support.program import Declared

_SERVICES: tuple[tuple[str, Service], ...] = (("SHOP_BUCKETS", "oss"), ("SHOP_QUEUES", "mns"))


@dataclass(slots=True)
class Fakes:
    """What plays each service, its address, and all requests in order."""

    tables: tablestore_server.Instance
    buckets: oss_server.Oss = field(default_factory=oss_server.Oss)
    queues: mns_server.Mns = field(default_factory=mns_server.Mns)
    secrets: oos_server.Oos = field(default_factory=oos_server.Oos)
    at: dict[Service, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def client(self) -> Any:
        """A client of the tables."""
        return clients.make(self.at["ots"], self.tables.name, REGION, lambda: KEYS)

    @contextmanager
    def store(self, stack: str) -> Iterator[SecretParameters]:
        """The secrets of a stack, as `make secret` has them."""
        endpoint = Endpoint(self.at["oos"])
        try:
            yield SecretParameters(stack, REGION, lambda: Oos(endpoint, lambda: KEYS))
        finally:
            endpoint.close()

    def led_here(self, variables: Mapping[str, str]) -> dict[str, str]:
        """A function's variables with these services' addresses in the places of the cloud's.

        Nothing else of them is changed. The stack states no address of secrets, which follows from
        the region; so theirs is added. Raises KeyError where another one is missing.
        """
        found = {name: _json(text) for name, text in variables.items()}
        if "SHOP_TABLESTORE" in found:
            _replace(found["SHOP_TABLESTORE"], self.at["ots"])
        for variable, service in _SERVICES:
            for each in found.get(variable, {}).values():
                _replace(each, self.at[service])
        for each in found.get("SHOP_SECRETS", {}).values():
            each["endpoint"] = self.at["oos"]
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in found.items()
        }


@contextmanager
def fakes(declared: Declared) -> Iterator[Fakes]:
    """The services, with the tables, buckets and queues that the program declares."""
    instance = str(declared.inputs("alicloud:ots/instance:Instance")["name"])
    made = Fakes(tablestore_server.Instance(name=instance))
    answers: Mapping[Service, Callable[[Asked], Answered | None]] = {
        "ots": lambda asked: tablestore_server.answered(made.tables, asked),
        "oss": made.buckets.answer,
        "mns": made.queues.answer,
        "oos": made.secrets.answer,
    }

    def noted(service: Service) -> Callable[[Asked], Answered | None]:
        def answer(asked: Asked) -> Answered | None:
            found = answers[service](asked)
            made.calls.append(Call(service, asked, found.status if found else 0))
            return found

        return answer

    with ExitStack() as opened:
        for service in answers:
            made.at[service] = opened.enter_context(serving(noted(service)))
        made.queues.url, made.buckets.url = made.at["mns"], made.at["oss"]
        for each in declared.every("alicloud:oss/bucket:Bucket"):
            made.buckets.make(each["bucket"], public=_public(declared, each["bucket"]))
        for each in declared.every("alicloud:message/serviceQueue:ServiceQueue"):
            made.queues.queues[each["queueName"]] = []
        _create_tables(declared, made.client())
        made.calls.clear()
        yield made


def _public(declared: Declared, bucket: str) -> bool:
    """Whether anyone may read what a bucket keeps."""
    (policy,) = (
        json.loads(each["policy"])
        for each in declared.every("alicloud:oss/bucketPolicy:BucketPolicy")
        if each["bucket"] == bucket
    )
    return any(each["Effect"] == "Allow" for each in policy["Statement"])


def _create_tables(declared: Declared, client: Any) -> None:
    """The tables and their indexes, with exactly the keys and options that are declared."""
    loaded = sdk()
    types = {"String": "STRING"}
    indexes = declared.every("alicloud:ots/secondaryIndex:SecondaryIndex")
    for table in declared.every("alicloud:ots/table:Table"):
        keys, columns = (
            [(each["name"], types[each["type"]]) for each in table[which]]
            for which in ("primaryKeys", "definedColumns")
        )
        client.create_table(
            loaded.TableMeta(table["tableName"], keys, columns),
            loaded.TableOptions(
                time_to_live=int(table["timeToLive"]), max_version=int(table["maxVersion"])
            ),
            loaded.ReservedThroughput(loaded.CapacityUnit(0, 0)),
            [
                loaded.SecondaryIndexMeta(
                    each["indexName"],
                    each["primaryKeys"],
                    [],
                    loaded.SecondaryIndexType.GLOBAL_INDEX,
                )
                for each in indexes
                if each["tableName"] == table["tableName"]
            ],
        )


def _json(text: str) -> Any:
    return json.loads(text) if text[:1] == "{" else text


def _replace(stated: dict[str, Any], address: str) -> None:
    assert stated["endpoint"].startswith("https://"), stated["endpoint"]
    stated["endpoint"] = address
