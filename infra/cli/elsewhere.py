"""What a cloud's own tools show of a stack where a command of ours is the local stack's alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.alicloud.names import Names
from infra.cli.environment import LOCAL
from infra.cli.stated import stated

LOGS: Final = {
    "aws": "aws logs tail --follow /aws/lambda/shop-{stack}-<function> shows one there",
    "alicloud": "the console of Simple Log Service shows it there: project {project}, store "
    "functions, as functionName: shop-{stack}-<function>",
}
QUEUES: Final = {
    "aws": "aws sqs list-queues --queue-name-prefix shop-{stack}- lists those there, and "
    "aws sqs start-message-move-task delivers dead messages anew",
    "alicloud": "the console of Simple Message Queue (SMQ) lists those there, "
    "as shop-{stack}-<queue>, and dead messages in shop-{stack}-<queue>-dead, to be received there "
    "and sent anew",
}
SCHEDULES: Final = {
    "aws": "aws events list-rules --name-prefix shop-{stack}- lists those there, and "
    "aws lambda invoke runs a function",
    "alicloud": "the console of Function Compute shows those there, among the triggers of "
    "shop-{stack}-<function>, and runs a function",
}
INSTANCES: Final = {
    "aws": "the dashboard shop-{stack}-overview in CloudWatch shows what runs there",
    "alicloud": "the console of Function Compute shows what runs there, in the monitoring of "
    "shop-{stack}-<function>",
}


def elsewhere(root: Path, stack: str, texts: Mapping[str, str]) -> str:
    """What to do on the cloud that the stack's file states, "" for one that is on none.

    Raises PlatformError where the file is not there, or is no YAML.
    """
    if stack == LOCAL:
        return ""
    found = stated(root, stack)
    settings = found.settings
    on_alicloud = settings.get("alicloud") if isinstance(settings, Mapping) else None
    instance = on_alicloud.get("instance") if isinstance(on_alicloud, Mapping) else None
    project = Names(stack, str(instance or "<alicloud.instance>")).project
    return texts.get(found.target, "").format(stack=stack, project=project)
