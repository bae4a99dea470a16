"""The stack's settings: the only place that reads `pulumi.Config`.

Stack YAML → `shop:settings`, one structured value → `parse` → a frozen `Settings`, or one report
of everything that is wrong with it. One key holds all of ours because Pulumi cannot tell a
misspelt key of its own from an unused one, and a mapping under one key can be read whole.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import pulumi
from pydantic import AfterValidator, Field, ValidationError

from infra.config_keys import OFFLINE
from infra.errors import Problem, Refused
from infra.model import Provider
from infra.settings_alicloud import Alicloud
from infra.settings_aws import Aws
from infra.settings_local import Local, gone
from infra.settings_notifications import Notifications
from infra.settings_overrides import (
    BucketOverrides,
    FunctionOverrides,
    QueueOverrides,
    TableOverrides,
    ThrottleOverrides,
)
from infra.settings_part import Part
from infra.settings_report import named, nulls, problems_of, refusal, spelled, stray, unknown
from infra.settings_traffic import Traffic
from infra.shop_numbers import wrong_numbers
from infra.shop_payments import PARTS, only_with

PLACES: Final = ("local", "aws", "alicloud")
"""Where a stack can run; each has settings of its own, under its name."""

Names = Mapping[str, Collection[str]]
"""What settings may name, by kind: `functions`, `routes`, `tables`, `buckets` and `queues`."""


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if text != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in ("http", "https"):
        raise refusal(
            "browsers name a site by scheme, host and port alone, so this one would match none",
            "write it as https://shop.example.com",
        )
    return text


class Settings(Part):
    """Everything a stack states about the shop."""

    target: Literal["local", "aws", "alicloud"] = Field(
        description="Where the shop runs: local is this machine.",
        json_schema_extra={"errorMessage": "there is no such place to run the shop"},
    )
    payments: Literal["fake", "stripe"] | None = Field(
        default=None,
        description="Who takes the money: fake takes none and has a page to try that at; stripe "
        "takes the secrets stripe-key and stripe-webhook. A stack on a cloud must state it; on "
        "this machine it is fake otherwise.",
        json_schema_extra={"errorMessage": "nobody of this name takes money"},
    )
    notifications: Notifications = Field(
        default_factory=Notifications, description="How letters to customers go out."
    )
    local: Local = Field(default_factory=Local, description="The local cloud.")
    aws: Aws = Field(default_factory=Aws, description="The account on AWS.")
    alicloud: Alicloud = Field(
        default_factory=Alicloud, description="The account on Alibaba Cloud."
    )
    origins: Sequence[Annotated[str, AfterValidator(_origin)]] = Field(
        default=(),
        description="Web sites whose pages may call the shop and upload to its buckets, as "
        "https://shop.example.com.",
    )
    traffic: Traffic | None = Field(
        default=None,
        description="The requests that the shop is to carry: limits that are not stated here come "
        "from them, with their reasons at preview. Without: as infra/shop.py declares them.",
    )
    throttle: ThrottleOverrides | None = Field(
        default=None,
        description="What each route lets through, unless it is named under routes. Without: what "
        "its traffic demands, or 50 requests a second and 100 at once.",
    )
    functions: Mapping[str, FunctionOverrides] = Field(
        default_factory=dict, description="Changes to single functions, by the function's name."
    )
    routes: Mapping[str, ThrottleOverrides] = Field(
        default_factory=dict,
        description='What single routes let through, by method and path: "POST /users".',
    )
    tables: Mapping[str, TableOverrides] = Field(
        default_factory=dict, description="Changes to single tables, by their names."
    )
    buckets: Mapping[str, BucketOverrides] = Field(
        default_factory=dict, description="Changes to single buckets, by their names."
    )
    queues: Mapping[str, QueueOverrides] = Field(
        default_factory=dict, description="Changes to single queues, by their names."
    )

    @property
    def provider(self) -> Provider:
        """The cloud whose limits hold: that of the target, or the one that is emulated."""
        return self.local.emulate if self.target == "local" else self.target

    @property
    def provider_of_payments(self) -> Literal["fake", "stripe"]:
        """Who takes the money; `parse` has refused a cloud's stack that does not say it."""
        return self.payments or "fake"


def parse(raw: object, source: str, names: Names) -> Settings:
    """The settings that `raw`, JSON as Python has it, states; None states nothing.

    `source` names the file in the report. Raises Refused with every problem found.
    """
    cleaned, found = nulls({} if raw is None else raw)
    if isinstance(cleaned, Mapping):
        found += unknown(cleaned, names)
        found += _unstated(cleaned)
        found += _idle(cleaned)
        found += gone(cleaned)
        found += _unpaid(cleaned)
        found += wrong_numbers(cleaned)
    try:
        settings = Settings.model_validate(cleaned)
    except ValidationError as error:
        found += problems_of(error, Settings)
    if found:
        # the first problem of a path is the most telling one
        raise Refused(source, {p.path: p for p in reversed(found)}.values())
    return settings


def _unstated(given: Mapping[Any, object]) -> Iterator[Problem]:
    """What a stack on a cloud has to state: a default would be as good as a shop given away."""
    if given.get("target") in ("aws", "alicloud") and "payments" not in given:
        yield Problem(
            "payments",
            "",
            "a shop on a cloud states who takes the money: the fake one would give goods away",
            "add payments: stripe, or fake where nobody is to pay",
        )


def _idle(given: Mapping[Any, object]) -> Iterator[Problem]:
    """What is stated of a place where this stack does not run."""
    target = given.get("target")
    if target not in PLACES:
        return
    for place in PLACES:
        if place != target and given.get(place):
            yield Problem(
                place,
                "",
                f"the stack's target is {target}, so this would have no effect",
                f"remove it, or write target: {place}",
            )


def _unpaid(given: Mapping[Any, object]) -> Iterator[Problem]:
    """What is stated of things that the shop has with another provider of payments alone."""
    stated = given.get("payments", "fake" if given.get("target") == "local" else None)
    for provider in PARTS if isinstance(stated, str) and stated in PARTS else ():
        theirs = only_with(provider) if provider != stated else {}
        for path, kind in named(given, theirs):
            if path[-1] in theirs[kind]:
                yield Problem(
                    spelled(path),
                    "",
                    f"with payments: {stated} the shop has no such {kind.removesuffix('s')}, "
                    "so this would have no effect",
                    f"remove it, or write payments: {provider}",
                )


def read(names: Names) -> Settings:
    """The settings of the stack that Pulumi runs. Raises Refused with every problem found."""
    source = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
    strays = list(stray(pulumi.runtime.get_config_env(), Settings.model_fields))
    try:
        raw: Any = pulumi.Config("shop").get_object("settings")
    except pulumi.ConfigTypeError as error:
        # Pulumi hands over a lone text as it stands, and a key without a value as an empty one
        raw = error.value or None
    try:
        settings = parse(raw, source, names)
    except Refused as refused:
        raise Refused(source, [*strays, *refused.problems]) from None
    if strays:
        raise Refused(source, strays)
    return settings


def offline() -> bool:
    """Whether this is a preview that reaches no cloud: `make preview OFFLINE=1` says so.

    Raises Refused where anything else is to be done with it.
    """
    stated = pulumi.Config("shop").get_bool("offline") or False
    if stated and not pulumi.runtime.is_dry_run():
        raise Refused(
            "the offline preview's settings",
            [
                Problem(
                    OFFLINE,
                    "true",
                    "it comes with keys that open nothing, so nothing can be brought up with it",
                    "leave it out: make preview OFFLINE=1 alone sets it",
                )
            ],
        )
    return stated
