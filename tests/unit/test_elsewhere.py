"""What a command cannot show of a cloud's stack it names the cloud's own tools for."""

from collections.abc import Callable, Sequence

import pytest

from infra.cli import dev, letters, logs, queue_look, reset, schedule_look, top, tour
from infra.cli.elsewhere import INSTANCES, LOGS, QUEUES, SCHEDULES, elsewhere
from tests.support.program import ROOT

Command = Callable[[Sequence[str]], int]
COMMANDS: tuple[Command, ...] = (
    logs.main, queue_look.main, schedule_look.main, dev.main, reset.main, tour.main, letters.main,
    top.main,
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.__module__)
@pytest.mark.parametrize("stack", ["alicloud-dev", "alicloud-prod"])
def test_of_a_stack_on_alibaba_cloud_no_message_tells_of_another_clouds_tools(
    command: Command, stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["--stack", stack]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"stack {stack}: only the local stack's")
    for word in ("aws ", "AWS", "Lambda", "SQS", "{"):
        assert word not in said


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (LOGS, ("Simple Log Service", "project shop-dev-1-logs, store functions")),
        (QUEUES, ("SMQ", "shop-alicloud-dev-<queue>-dead")),
        (SCHEDULES, ("Function Compute", "shop-alicloud-dev-<function>")),
        (INSTANCES, ("Function Compute", "shop-alicloud-dev-<function>")),
    ],
)
def test_on_alibaba_cloud_the_console_and_the_names_there_are_told(
    texts: dict[str, str], parts: Sequence[str]
) -> None:
    said = elsewhere(ROOT, "alicloud-dev", texts)
    assert [part for part in parts if part not in said] == []


def test_every_text_has_one_for_each_cloud() -> None:
    every = (INSTANCES, LOGS, QUEUES, SCHEDULES)
    assert all(texts.keys() == {"aws", "alicloud"} for texts in every)
