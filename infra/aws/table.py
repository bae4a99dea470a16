"""A table of the shop in DynamoDB."""

import pulumi
from pulumi_aws import dynamodb

from infra import model
from infra.aws.shared import Shared

_EXPIRY = "expires_at"


class Table(pulumi.ComponentResource):
    """Rows in DynamoDB, paid by request, up to the units a second that the table is allowed.

    It is `replaceable` only where the settings say so: nothing else may delete its rows. It owns
    no rows, no backups beyond the recovery to a point in time, no stream, and no key: DynamoDB
    encrypts with one of its own, which costs nothing for each call and which no one can lock.
    """

    def __init__(
        self,
        name: str,
        table: model.Table,
        shared: Shared,
        *,
        replaceable: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Table", name, None, opts)
        self.table_name = shared.names.of(table.name)
        keys = {table.partition, table.sort}
        keys.update(part for each in table.indexes for part in (each.partition, each.sort))
        self.table = dynamodb.Table(
            name,
            name=self.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=table.partition,
            range_key=table.sort,
            attributes=[
                dynamodb.TableAttributeArgs(name=each, type="S")
                for each in sorted(filter(None, keys))
            ],
            global_secondary_indexes=[_index(each, table) for each in table.indexes],
            ttl=dynamodb.TableTtlArgs(attribute_name=_EXPIRY, enabled=True)
            if table.expiring
            else None,
            point_in_time_recovery=dynamodb.TablePointInTimeRecoveryArgs(
                enabled=shared.settings.point_in_time_recovery
            ),
            on_demand_throughput=dynamodb.TableOnDemandThroughputArgs(
                max_read_request_units=table.max_reads, max_write_request_units=table.max_writes
            )
            if _capped(table)
            else None,
            deletion_protection_enabled=shared.settings.deletion_protection and not replaceable,
            tags=shared.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=not replaceable,
                delete_before_replace=True,  # its name is taken until it is gone
            ),
        )
        self.arn = self.table.arn
        self.register_outputs({"arn": self.arn})


def _index(index: model.Index, table: model.Table) -> dynamodb.TableGlobalSecondaryIndexArgs:
    parts = [(index.partition, "HASH")]
    if index.sort is not None:
        parts.append((index.sort, "RANGE"))
    return dynamodb.TableGlobalSecondaryIndexArgs(
        name=index.name,
        projection_type="ALL",
        key_schemas=[
            dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(attribute_name=column, key_type=kind)
            for column, kind in parts
        ],
        # DynamoDB counts an index by itself: the table's cap does not hold for it
        on_demand_throughput=dynamodb.TableGlobalSecondaryIndexOnDemandThroughputArgs(
            max_read_request_units=table.max_reads, max_write_request_units=table.max_writes
        )
        if _capped(table)
        else None,
    )


def _capped(table: model.Table) -> bool:
    # -1, which lifts a cap, is refused for a new table: what has none says nothing of it. So a cap
    # that was there is not lifted by leaving it out, either; the settings say what to write
    return table.max_reads is not None or table.max_writes is not None
