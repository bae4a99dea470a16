"""Tables in TableStore: the instance of a stack, its tables and their indexes."""

from typing import Final

import pulumi
from pulumi_alicloud import ots

from infra import model
from infra.alicloud.shared import Shared

_DAY_S: Final = 86_400
_FOREVER: Final = -1
_PRIVATE: Final = ("CLASSIC", "VPC")  # the networks within the region, not the internet


class Instance(pulumi.ComponentResource):
    """TableStore's instance of a stack; only the networks within the region reach it.

    It owns no table. Nothing deletes it but an operator who took its protection off.
    """

    def __init__(
        self,
        name: str,
        shared: Shared,
        *,
        replaceable: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Instance", name, None, opts)
        self.instance = ots.Instance(
            name,
            name=shared.names.instance,
            description=f"The tables of {shared.names.stack}",
            instance_type=shared.settings.instance_type,
            network_type_acls=list(_PRIVATE),
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not replaceable),
        )
        self.instance_name = self.instance.name
        self.register_outputs({"name": self.instance_name})


class Table(pulumi.ComponentResource):
    """Rows in TableStore, paid by request; an index is a table that TableStore writes.

    It is `replaceable` only where the settings say so: nothing else may delete its rows. Rows of an
    expiring one go a fixed time after they were written, not at their `expires_at`. There is no cap
    on units a second, no recovery to a point in time, and no lock on the account's side.
    """

    def __init__(
        self,
        name: str,
        table: model.Table,
        instance: Instance,
        shared: Shared,
        *,
        replaceable: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:Table", name, None, opts)
        kept = pulumi.ResourceOptions(
            parent=self,
            protect=not replaceable,
            delete_before_replace=True,  # its name is taken until it is gone
        )
        key = [column for column in (table.partition, table.sort) if column is not None]
        indexed = sorted(
            {
                column
                for each in table.indexes
                for column in (each.partition, each.sort)
                if column is not None and column not in key
            }
        )
        self.table = ots.Table(
            name,
            instance_name=instance.instance_name,
            table_name=table.name,
            primary_keys=[ots.TablePrimaryKeyArgs(name=each, type="String") for each in key],
            defined_columns=[
                ots.TableDefinedColumnArgs(name=each, type="String") for each in indexed
            ],
            time_to_live=(shared.settings.expired_days * _DAY_S if table.expiring else _FOREVER),
            max_version=1,  # what an index needs, and all that is read
            enable_sse=shared.settings.encrypt_tables,
            sse_key_type="SSE_KMS_SERVICE" if shared.settings.encrypt_tables else None,
            opts=kept,
        )
        self.indexes = {
            each.name: ots.SecondaryIndex(
                f"{name}-{each.name}",
                instance_name=self.table.instance_name,
                table_name=self.table.table_name,
                index_name=shared.names.index(table.name, each.name),
                index_type="Global",
                include_base_data=True,
                primary_keys=columns(each, table),
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for each in table.indexes
        }
        self.register_outputs({"name": self.table.table_name})


def columns(index: model.Index, table: model.Table) -> list[str]:
    """The primary key of an index: its own columns, then those of the table that are not yet."""
    found = (index.partition, index.sort, table.partition, table.sort)
    return list(dict.fromkeys(each for each in found if each is not None))
