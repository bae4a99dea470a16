"""A customer's way through the functions of alicloud-dev, packed as they are for the cloud.

What they are told of comes from the stack's own program, run with mocks; what plays the cloud holds
the tables, buckets and queues that it declares. So this needs neither plugin nor account.
"""

from pathlib import Path

from infra import settings, shop
from infra.alicloud.names import Names
from infra.cli.secret_change import Wanted, change
from tests.support.alicloud_fakes import fakes
from tests.support.alicloud_packed import packed
from tests.support.alicloud_stacks import whole
from tests.support.stacks import config_of
from tests.support.walk_all import walk_all

NAME = "alicloud-dev"


def test_the_packed_functions_serve_a_customer_with_what_their_roles_allow(tmp_path: Path) -> None:
    stated = settings.parse(config_of(NAME)["shop:settings"], NAME, shop.NAMES)
    platform = shop.platform(stated, NAME)
    declared, _ = whole(NAME)
    names = Names(NAME, stated.alicloud.instance or "")
    with (
        fakes(declared) as cloud,
        packed(platform, names, declared, cloud, tmp_path) as shop_packed,
    ):
        with cloud.store(NAME) as secrets:
            for each in sorted({e.resource for e in platform.grants if e.kind == "secret"}):
                change(secrets, Wanted(each, random=True, stack=NAME), str)
        walk_all(shop_packed, NAME, shop_packed.grant_of)
