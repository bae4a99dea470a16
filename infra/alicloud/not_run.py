"""What rings when a schedule does not run, which CloudMonitor is silent about."""

from typing import Final

import pulumi
from pulumi_alicloud import log

from infra.alicloud.logs import Logs
from infra.alicloud.shared import Shared
from infra.checks.silence import MINUTE_S, Silence, silences
from infra.model import Platform

_CRITICAL: Final = 10
_OFTEN: Final = "5m"
_REPEATED: Final = "1h"
_LONGEST_TITLE: Final = 64
# it merges nothing and tells whom the alert's own action policy names
_ALERT_POLICY: Final = "sls.builtin.dynamic"


class NotRun(pulumi.ComponentResource):
    """An alert of Simple Log Service for each function that a schedule calls, on its log.

    It tells whom the action policy of the settings names: that service knows no group of
    CloudMonitor's contacts. Without one it rings in the console alone. It owns neither the policy,
    which an account has for all projects, nor a line of the log.
    """

    def __init__(
        self,
        name: str,
        platform: Platform,
        logs: Logs,
        shared: Shared,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:alicloud:NotRun", name, None, opts)
        own = pulumi.ResourceOptions(parent=self, depends_on=[logs.index])
        self.alerts = {
            function: _alert(function, silence, logs, shared, own)
            for function, silence in silences(platform).items()
        }
        self.register_outputs({})


def query(called: str) -> str:
    """Counts the calls of the function of this name in the account, by its lines in the log.

    A call's line has the call's id; those of an instance that is kept ready have none.
    """
    return f'functionName: "{called}" and requestId: * | SELECT COUNT(*) AS calls'


def _alert(
    function: str, silence: Silence, logs: Logs, shared: Shared, opts: pulumi.ResourceOptions
) -> log.Alert:
    called = f"schedule-{function}-not-run"
    return log.Alert(
        called,
        version="2.0",
        type="default",
        project_name=logs.project_name,
        alert_name=shared.names.of(called),
        alert_displayname=shared.names.of(called)[:_LONGEST_TITLE],
        schedule=log.AlertScheduleArgs(
            type="FixedRate", interval="1d" if silence.periods > 1 else _OFTEN
        ),
        query_lists=[
            log.AlertQueryListArgs(
                store_type="log",
                region=shared.region,
                project=logs.project_name,
                store=logs.store_name,
                query=query(shared.names.of(function)),
                start=f"-{silence.period_s // MINUTE_S}m",
                end="now",
                time_span_type="Relative",
                power_sql_mode="auto",
            )
        ],
        severity_configurations=[
            log.AlertSeverityConfigurationArgs(
                severity=_CRITICAL, eval_condition={"condition": "calls < 1", "countCondition": ""}
            )
        ],
        # a count is always there, if the query is answered at all
        no_data_fire=True,
        no_data_severity=_CRITICAL,
        threshold=silence.periods,
        group_configuration=log.AlertGroupConfigurationArgs(type="no_group"),
        annotations=[
            log.AlertAnnotationArgs(key="title", value=f"{function} does not run"),
            log.AlertAnnotationArgs(
                key="desc",
                value=f"{function} was not called for {silence}. It rings too until its first run. "
                "First: see in Function Compute whether its timer is enabled.",
            ),
        ],
        send_resolved=True,
        policy_configuration=log.AlertPolicyConfigurationArgs(
            alert_policy_id=_ALERT_POLICY,
            action_policy_id=shared.settings.action_policy,
            repeat_interval=_REPEATED,
        ),
        opts=opts,
    )
