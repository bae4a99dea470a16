"""What Alibaba Cloud would refuse is refused before anything is declared, in one report."""

import math
from dataclasses import replace
from typing import Any

import pytest

from infra.alicloud.names import LONGEST
from infra.model import (
    Bucket,
    Function,
    Index,
    KeptReady,
    Queue,
    Route,
    Scaling,
    Schedule,
    Table,
)
from infra.settings_alicloud import BucketDomain, Domain
from tests.support.alicloud_refused import INSTANCE, changed, found
from tests.unit.sound_shop import SHOP, grant

FILES = BucketDomain(name="files.example.com", certificate="12345678-cn-hangzhou")
REGION_REMEDY = (
    "write alicloud:region: cn-hangzhou, or another region, under config in the stack's file"
)


def test_a_sound_shop_is_not_refused() -> None:
    assert found(SHOP) == []


@pytest.mark.parametrize(
    ("region", "remedy"),
    [
        (
            "",
            REGION_REMEDY,
        ),
        ("hangzhou", "write the region's code, as cn-hangzhou"),
        ("cn-hangzhou-1a", "write the region's code, as cn-hangzhou"),
        ("CN-HANGZHOU", "write the region's code, as cn-hangzhou"),
    ],
)
def test_a_stack_says_in_which_region_it_is(region: str, remedy: str) -> None:
    assert found(SHOP, region) == [f"alicloud:region: {region} → {remedy}"]


@pytest.mark.parametrize("region", ["cn-hangzhou", "ap-southeast-1", "eu-central-1", "us-west-1"])
def test_every_kind_of_region_is_taken(region: str) -> None:
    assert found(SHOP, region) == []


def test_an_instance_has_a_name_that_the_stack_states() -> None:
    """None can be made up: someone else in the region may have it."""
    assert found(SHOP, instance=None) == [
        (
            "alicloud.instance:  → "
            "write one of your own in 3 to 16 letters, digits and hyphens, as shop-dev-1"
        )
    ]


def test_a_stacks_name_can_stand_in_every_other() -> None:
    assert found(replace(SHOP, stack="Dev_1")) == [
        (
            "stack: Dev_1 → "
            "use lower-case letters and digits, a letter first, words joined by hyphens"
        )
    ]


@pytest.mark.parametrize(
    ("kind", "before", "longest", "made"),
    [
        ("functions", "shop-dev-", LONGEST["function"], Function(name="x")),
        ("buckets", f"{INSTANCE}-", LONGEST["bucket"], Bucket(name="x")),
        (
            "queues",
            "shop-dev-",
            LONGEST["queue"] - len("-dead"),
            Queue(name="x", consumer="order-mail"),
        ),
    ],
)
def test_a_name_with_what_stands_before_it_is_no_longer_than_is_taken(
    kind: str, before: str, longest: int, made: Any
) -> None:
    room = longest - len(before)
    fits, too_long = (replace(made, name="n" * length) for length in (room, room + 1))
    stated: list[dict[str, Any]] = [
        {kind: (*getattr(SHOP, kind), each)} for each in (fits, too_long)
    ]
    assert found(replace(SHOP, **stated[0])) == []
    (line,) = found(replace(SHOP, **stated[1]))
    assert line.startswith(f"{kind}.{too_long.name}: ")
    assert line.endswith("→ shorten it, or the stack's name or alicloud.instance, by 1")


def test_a_secrets_name_is_no_longer_than_a_parameters() -> None:
    name = "n" * (LONGEST["secret"] - len("shop-dev-") + 1)
    more = grant("orders", "secret", name, "read")
    (line, *_) = found(replace(SHOP, grants=(*SHOP.grants, more)))
    assert line.startswith(f"secrets.{name}: ")


@pytest.mark.parametrize("name", ["failed", "mails-dead"])
def test_no_queue_is_called_like_one_of_dead_letters(name: str) -> None:
    more = Queue(name=name, consumer="order-mail")
    assert found(replace(SHOP, queues=(*SHOP.queues, more))) == [
        f"queues.{name}: {name} → choose another name"
    ]


def test_no_bucket_is_called_like_that_of_the_packages() -> None:
    assert found(replace(SHOP, buckets=(*SHOP.buckets, Bucket(name="code")))) == [
        "buckets.code: code → choose another name"
    ]


def test_a_public_bucket_is_taken_with_a_domain_and_without() -> None:
    platform = replace(SHOP, buckets=(Bucket(name="images", public=True),))
    assert found(platform) == []
    assert found(platform, bucket_domains={"images": FILES}) == []


def test_no_index_is_called_like_a_table() -> None:
    """An index is a table of the instance: `orders` with `by_user` is `orders_by_user`."""
    clash = Table(name="orders_by_user", partition="id")
    assert found(replace(SHOP, tables=(*SHOP.tables, clash))) == [
        "tables.orders.indexes.by_user: orders_by_user → choose another name"
    ]
    other = Table(name="orders", partition="id", indexes=(Index(name="by_sku", partition="sku"),))
    assert found(replace(SHOP, tables=(other, *SHOP.tables[1:], clash))) == []


@pytest.mark.parametrize("vcpus", [0.1, 0.3, 0.26, 17.0, 1e40, math.inf, math.nan])
def test_cpu_and_memory_fit_each_other(vcpus: float) -> None:
    """256 MB take 0.1 to 0.25 vCPUs, in steps of 0.05."""
    refused = found(SHOP, cpu={"orders": vcpus})
    if vcpus == 0.1:
        assert refused == []
    else:
        assert refused == [
            f"alicloud.cpu.orders: {vcpus:g} → write 0.10 to 0.25, or change memory_mb"
        ]


def test_a_domain_leads_to_one_place() -> None:
    shop = Domain(name="files.example.com", certificate="12345678-cn-hangzhou")
    platform = replace(SHOP, buckets=(Bucket(name="images"), Bucket(name="uploads")))
    one = {"images": FILES}
    both = {"images": FILES, "uploads": FILES}
    at = "alicloud.bucket_domains"
    assert found(platform, bucket_domains=one) == []
    assert found(platform, bucket_domains=both) == [
        f"{at}.uploads.name: {FILES.name} → write another one, as uploads.example.com"
    ]
    assert found(platform, bucket_domains=one, domain=shop) == [
        f"{at}.images.name: {FILES.name} → write another one, as images.example.com"
    ]


def test_no_secret_is_called_like_the_beginning_of_another_that_is_not_granted() -> None:
    """KMS keeps a parameter's value under a name around its own: a pattern finds both."""
    grants = (*SHOP.grants, grant("sweep", "secret", "token-key-old", "read"))
    (line,) = found(replace(SHOP, grants=grants))
    assert line.startswith("grants.orders.secret.token-key: token-key-old → choose a name")
    both = (*grants, grant("orders", "secret", "token-key-old", "read"))
    assert found(replace(SHOP, grants=both)) == []


def test_settings_name_what_is_there() -> None:
    assert found(SHOP, cpu={"order": 0.1}, bucket_domains={"pictures": FILES}) == [
        "alicloud.bucket_domains.pictures: pictures → use one of: images",
        "alicloud.cpu.order: order → write orders",
    ]


def test_no_more_is_reserved_than_the_account_has() -> None:
    """The consumer counts as many as its queue lets work: 10 + 2 + 10."""
    assert found(SHOP, account_instances=22) == []
    assert found(SHOP, account_instances=21) == [
        (
            "functions: max_instances add up to 22 → "
            "lower some (or traffic.peak, where they come from it), or raise the quota and then "
            "alicloud.account_instances"
        )
    ]


def test_a_function_has_50_triggers_at_most() -> None:
    """Each schedule is one, and each queue."""
    many = [Schedule(name=f"s{n}", function="sweep", every_minutes=5) for n in range(51)]
    assert found(replace(SHOP, schedules=tuple(many[:50]))) == []
    assert found(replace(SHOP, schedules=tuple(many))) == [
        (
            "functions.sweep: 51 queues and schedules call it → "
            "let another function take some of them"
        )
    ]


def test_no_function_starts_from_a_snapshot() -> None:
    assert found(changed("orders", scaling=Scaling(snap_start=True))) == [
        "functions.orders.snap_start: true → remove it; min_instances keeps instances ready"
    ]


def test_no_more_instances_of_a_consumer_are_kept_ready_than_its_queues_let_work() -> None:
    assert found(changed("order-mail", scaling=Scaling(min_instances=3))) == [
        (
            "functions.order-mail.min_instances: 3 → "
            "write 0 to 2, or raise max_concurrency of its queues"
        )
    ]


def test_nor_are_more_of_them_kept_ready_by_the_clock() -> None:
    day = KeptReady(name="day", cron="0 7 * * *", min_instances=3)
    scaling = Scaling(min_instances=1, scheduled=(day,))
    assert found(changed("order-mail", scaling=scaling)) == [
        (
            "functions.order-mail.scheduled.day.min_instances: 3 → "
            "write 0 to 2, or raise max_concurrency of its queues"
        )
    ]


def test_a_domain_hands_all_of_a_path_to_one_function() -> None:
    """API Gateway can tell them apart, a custom domain cannot."""
    other = Route(method="DELETE", path="/orders/{id}", function="sweep")
    platform = replace(SHOP, routes=(*SHOP.routes, other))
    assert found(platform) == []
    assert found(platform, domain=Domain(name="shop.example.com")) == [
        ("routes.DELETE /orders/{id}: sweep → let one function answer both, or choose another path")
    ]
