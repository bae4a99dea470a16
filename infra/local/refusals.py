"""What of a platform this machine cannot carry out, told before anything is declared."""

from collections.abc import Iterator

from infra import model
from infra.errors import Problem, Refused
from infra.local.access import gateway_port, storage_port
from infra.local.kinds.stores import spelled, standing_key
from infra.local.plan import LOCAL_STACK, LocalConfig


def refuse(platform: model.Platform, config: LocalConfig, source: str) -> None:
    """Refuse what this machine cannot carry out, naming `source`. Raises Refused with all of it."""
    problems = [
        *_other_stack(platform),
        *_shared_port(platform, config),
        *_changed_keys(platform, config),
    ]
    if problems:
        raise Refused(source, problems)


def _other_stack(platform: model.Platform) -> Iterator[Problem]:
    if platform.stack != LOCAL_STACK:
        yield Problem(
            "target",
            "local",
            f"a checkout has one local cloud, and it is that of the stack {LOCAL_STACK}",
            f"use the stack {LOCAL_STACK}, or another checkout",
        )


def _shared_port(platform: model.Platform, config: LocalConfig) -> Iterator[Problem]:
    port = storage_port(config.places, config.settings)
    if platform.buckets and port == gateway_port(config.places, config.settings):
        # that which is stated: both by themselves differ
        key = "port" if config.settings.storage_port == "auto" else "storage_port"
        yield Problem(
            f"local.{key}",
            str(port),
            "the shop and the signed addresses of its buckets cannot share a port",
            "write another port, or auto",
        )


def _changed_keys(platform: model.Platform, config: LocalConfig) -> Iterator[Problem]:
    for table in platform.tables:
        wanted = (table.partition, table.sort or "")
        standing = standing_key(config.places, table.name)
        if standing not in (None, wanted) and table.name not in config.replaceable:
            yield Problem(
                f"tables.{table.name}",
                spelled(*wanted),
                f"its rows are kept by {spelled(*standing)}, and would have to go",
                f"keep its key, or state tables.{table.name}.allow_replace: true",
            )
