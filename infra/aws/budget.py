"""What the account may cost in a month."""

from typing import Final

import pulumi
from pulumi_aws import budgets

from infra.aws.shared import Shared

_NOTICES: Final = (("ACTUAL", 80.0), ("FORECASTED", 100.0))


class Budget(pulumi.ComponentResource):
    """A monthly budget in US dollars, which tells the alarms' topic before it is used up.

    It counts the whole account: costs can be told apart by tags only after whoever pays has
    switched these tags on in Billing, and until then such a budget would stay at nothing. It
    stops nothing: what ends spending are the limits of routes, functions and tables.
    """

    def __init__(
        self,
        name: str,
        shared: Shared,
        *,
        topic: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("shop:aws:Budget", name, None, opts)
        self.budget = budgets.Budget(
            name,
            name=shared.names.of("monthly"),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(shared.settings.budget_usd),
            limit_unit="USD",
            notifications=[
                budgets.BudgetNotificationArgs(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_sns_topic_arns=[topic],
                )
                for kind, percent in _NOTICES
            ],
            tags=shared.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.budget.name})
