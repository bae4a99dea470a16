"""Where all functions log: Simple Log Service."""

from typing import Final

import pulumi
from pulumi_alicloud import log

from infra.alicloud.shared import Shared

STORE: Final = "functions"
"""The log store of all functions; each line says which of them wrote it."""

_SEPARATORS: Final = ", '\";=()[]{}?@&<>/:\n\t\r"
# what Function Compute puts beside each line of a function
_FIELDS: Final = ("functionName", "level", "qualifier", "requestId")


class Logs(pulumi.ComponentResource):
    """A project with one store, kept for the days that the settings state, and an index to search.

    It owns no line. Function Compute writes in the functions' names, whose roles allow it.
    """

    def __init__(
        self, name: str, shared: Shared, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("shop:alicloud:Logs", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        self.project = log.Project(
            name,
            project_name=shared.names.project,
            description=f"What the functions of {shared.names.stack} log",
            tags=shared.tags,
            opts=own,
        )
        self.store = log.Store(
            f"{name}-store",
            project_name=self.project.project_name,
            logstore_name=STORE,
            retention_period=shared.settings.log_days,
            shard_count=1,
            auto_split=True,
            max_split_shard_count=16,
            append_meta=True,
            opts=own,
        )
        self.index = log.StoreIndex(
            f"{name}-index",
            project=self.project.project_name,
            logstore=self.store.logstore_name,
            full_text=log.StoreIndexFullTextArgs(
                case_sensitive=False, include_chinese=True, token=_SEPARATORS
            ),
            field_searches=[
                log.StoreIndexFieldSearchArgs(
                    name=each, type="text", enable_analytics=True, token=_SEPARATORS
                )
                for each in _FIELDS
            ],
            opts=own,
        )
        self.project_name = self.project.project_name
        self.store_name = self.store.logstore_name
        self.register_outputs({"project": self.project_name})
