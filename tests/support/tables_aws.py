"""DynamoDB as one of the stores that the conformance suite of tables runs on."""

import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from app.adapters.aws import clients
from app.adapters.aws.tables import DynamoTable
from app.ports.tables import Schema, Table
from tests.support.tables_lent import LentTables
from tests.support.tables_stores import Store

_INDEX_S = 3.0  # an index follows its table in far less, but promises nothing


class DynamoTables(LentTables):
    """Tables of a run, which are gone when it ends."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        super().__init__("-")
        self.client = clients.make("dynamodb", **connection)
        self.real = "endpoint_url" not in connection
        self._admin = import_module("boto3").client("dynamodb", **connection)

    def empty(self, name: str, schema: Schema) -> None:
        key = [column for column in (schema.partition, schema.sort) if column]
        names = {f"#{number}": column for number, column in enumerate(key)}
        pages = self._admin.get_paginator("scan").paginate(
            TableName=name,
            ConsistentRead=True,
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
        found = [{"DeleteRequest": {"Key": item}} for page in pages for item in page["Items"]]
        for start in range(0, len(found), 25):
            left = {name: found[start : start + 25]}
            while left:
                left = self._admin.batch_write_item(RequestItems=left)["UnprocessedItems"]

    def delete(self, name: str, schema: Schema) -> None:
        del schema
        self._admin.delete_table(TableName=name)

    def close(self) -> None:
        super().close()
        self._admin.close()
        self.client.close()

    def create(self, name: str, schema: Schema) -> None:
        own = (schema.partition, schema.sort)
        columns = {column for key in (own, *schema.indexes.values()) for column in key if column}
        indexes = [
            {"IndexName": index, "KeySchema": _key(key), "Projection": {"ProjectionType": "ALL"}}
            for index, key in schema.indexes.items()
        ]
        self._admin.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_key(own),
            AttributeDefinitions=[
                {"AttributeName": column, "AttributeType": "S"} for column in sorted(columns)
            ],
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
        self._admin.get_waiter("table_exists").wait(
            TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60}
        )


class DynamoStore(Store):
    """Tables of DynamoDB: an account's, or moto's, whose indexes never lag."""

    removes = False

    def __init__(self, tables: DynamoTables) -> None:
        super().__init__()
        self.lags = None if tables.real else False
        self._tables = tables
        self._lent: list[tuple[Schema, str]] = []

    def bare(self, name: str, schema: Schema) -> Table:
        del name
        at = self._tables.lend(schema)
        self._lent.append((schema, at))
        return DynamoTable(at, schema, lambda: self._tables.client)

    def settle(self) -> None:
        if self._tables.real:
            time.sleep(_INDEX_S)

    def close(self) -> None:
        for schema, name in self._lent:
            self._tables.take_back(schema, name)


def _key(columns: tuple[str, str | None]) -> list[dict[str, str]]:
    kinds = zip(columns, ("HASH", "RANGE"), strict=True)
    return [{"AttributeName": column, "KeyType": kind} for column, kind in kinds if column]
