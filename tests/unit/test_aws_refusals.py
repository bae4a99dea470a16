"""What AWS would refuse is refused before anything is declared, all of it in one report."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.aws import access
from infra.aws.names import LONGEST, Names
from infra.aws.refusals import refuse
from infra.aws.shared import Shared
from infra.check import problems
from infra.errors import Refused
from infra.model import Bucket, Function, Platform, Queue, Scaling, Schedule, Table
from infra.settings_aws import Aws
from tests.unit.sound_shop import SHOP

SOURCE = "infra/shop.py with stacks/Pulumi.dev.yaml"


def found(platform: Platform, region: str = "eu-central-1") -> list[str]:
    """What is refused, each in a line."""
    shared = Shared(names=Names(platform.stack), region=region, settings=Aws())
    try:
        refuse(platform, shared, SOURCE)
    except Refused as refused:
        return [f"{each.path}: {each.value} → {each.remedy}" for each in refused.problems]
    return []


def test_a_sound_shop_is_not_refused() -> None:
    assert found(SHOP) == []


@pytest.mark.parametrize(
    ("region", "remedy"),
    [
        ("", "write aws:region: eu-central-1, or another region, under config in the stack's file"),
        ("frankfurt", "write the region's code, as eu-central-1"),
        ("eu-central-1a", "write the region's code, as eu-central-1"),
        ("EU-CENTRAL-1", "write the region's code, as eu-central-1"),
    ],
)
def test_a_stack_says_in_which_region_it_is(region: str, remedy: str) -> None:
    assert found(SHOP, region) == [f"aws:region: {region} → {remedy}"]


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "ap-southeast-5"])
def test_every_kind_of_region_is_taken(region: str) -> None:
    assert found(SHOP, region) == []


@pytest.mark.parametrize("stack", ["Dev", "dev_2", "dev.eu", "2dev", "dev-"])
def test_a_stacks_name_can_stand_in_a_buckets(stack: str) -> None:
    assert found(replace(SHOP, stack=stack)) == [
        (
            f"stack: {stack} → "
            "use lower-case letters and digits, a letter first, words joined by hyphens"
        )
    ]


@pytest.mark.parametrize(
    ("kind", "longest", "made"),
    [
        ("functions", LONGEST["function"], Function(name="x")),
        ("tables", LONGEST["table"], Table(name="x", partition="id")),
        ("buckets", LONGEST["bucket"], Bucket(name="x")),
        ("queues", LONGEST["queue"] - len("-dead"), Queue(name="x", consumer="order-mail")),
        ("schedules", LONGEST["rule"], Schedule(name="x", function="sweep", every_minutes=5)),
    ],
)
def test_a_name_with_the_stacks_before_it_is_no_longer_than_aws_takes(
    kind: str, longest: int, made: Any
) -> None:
    """A bucket's leaves room for random letters, a queue's for that of its dead letters."""
    room = longest - len("shop-dev-")
    fits, too_long = (replace(made, name="n" * length) for length in (room, room + 1))
    changed: list[dict[str, Any]] = [
        {kind: (*getattr(SHOP, kind), each)} for each in (fits, too_long)
    ]
    assert found(replace(SHOP, **changed[0])) == []
    (line,) = found(replace(SHOP, **changed[1]))
    assert line.startswith(f"{kind}.{too_long.name}: ")
    assert line.endswith("→ shorten it, or the stack's name, by 1")


@pytest.mark.parametrize("name", ["failed", "mails-dead"])
def test_no_queue_is_called_like_one_of_dead_letters(name: str) -> None:
    more = Queue(name=name, consumer="order-mail")
    assert found(replace(SHOP, queues=(*SHOP.queues, more))) == [
        f"queues.{name}: {name} → choose another name"
    ]


def heavy(size: int) -> Platform:
    """The shop, whose `orders` has a variable of this many bytes, name and all."""
    first, *rest = SHOP.functions
    stated = {"FILLER": "x" * (size - len("FILLER"))}
    return replace(SHOP, functions=(replace(first, environment=stated), *rest))


def room() -> int:
    """What the grants of `orders` leave of 4 KB, where all that AWS names is at its longest."""
    known = {
        "at images": "shop-dev-images-1234567",
        "queue mails": "https://sqs.eu-central-1.amazonaws.com.cn/123456789012/shop-dev-mails",
    }
    stated = access.variables(SHOP, SHOP.functions[0], Names("dev"), known)
    return 4096 - sum(len(name) + len(text) for name, text in stated.items())


def test_an_environment_has_room_for_what_grants_put_into_it() -> None:
    """Its own variables alone would fit."""
    assert found(heavy(room())) == []
    assert problems(heavy(room() + 1), "aws", local=False) == ()
    assert found(heavy(room() + 1)) == [
        (
            f"functions.orders: 4097 bytes of environment, {4096 - room()} of them for its grants "
            "→ grant it less, give part of its work to another function, or shorten variables"
        )
    ]


def test_a_public_buckets_address_counts_too() -> None:
    buckets = (Bucket(name="images", public=True),)
    left = room() - len(',"url":"https://d111111abcdef8.cloudfront.net"')
    assert found(replace(heavy(left), buckets=buckets)) == []
    assert len(found(replace(heavy(left + 1), buckets=buckets))) == 1


def test_everything_is_in_one_report_with_what_the_account_cannot_give() -> None:
    first, *rest = SHOP.functions
    scaling = Scaling(min_instances=1, snap_start=True)
    platform = replace(SHOP, stack="Dev", functions=(replace(first, scaling=scaling), *rest))
    shared = Shared(names=Names("Dev"), region="moon", settings=Aws(account_concurrency=10))
    with pytest.raises(Refused) as refused:
        refuse(platform, shared, SOURCE)
    assert refused.value.source == SOURCE
    assert [each.path for each in refused.value.problems] == [
        "aws:region",
        "functions.orders.min_instances",
        "functions.orders.snap_start",
        "stack",
    ]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (
            {"queues": (replace(SHOP.queues[0], visibility_s=59),)},
            "queues.mails.visibility_s",
        ),
        (
            {"functions": (replace(SHOP.functions[0], timeout_s=30), *SHOP.functions[1:])},
            "functions.orders.timeout_s",
        ),
        (
            {
                "functions": (
                    replace(SHOP.functions[0], scaling=Scaling(queue_ms=1)),
                    *SHOP.functions[1:],
                )
            },
            "functions.orders.queue_ms",
        ),
        (
            {"queues": (replace(SHOP.queues[0], max_concurrency=1001),)},
            "queues.mails.max_concurrency",
        ),
        ({"queues": (replace(SHOP.queues[0], batch_size=11),)}, "queues.mails.batch_size"),
    ],
)
def test_what_holds_on_every_cloud_is_refused_for_aws_by_the_shops_own_checks(
    changed: Mapping[str, Any], path: str
) -> None:
    """Visibility under six time-outs, over 29 s behind a route, a wait that no cloud has."""
    assert path in {each.path for each in problems(replace(SHOP, **changed), "aws", local=False)}
