"""A customer's way through the functions of aws-dev, packed as they are for the cloud.

What they are told and may do comes from the stack's own program, run with mocks; moto has the
tables, buckets, queues and secrets that it declares. So this needs neither plugin nor account.
"""

from pathlib import Path

from infra import settings, shop
from infra.aws.secret_store import SecretsManager
from infra.cli.secret_change import Wanted, change
from tests.support.aws_declared import by_program
from tests.support.aws_packed import grant_of, packed
from tests.support.aws_stacks import whole
from tests.support.moto import REGION, serving
from tests.support.program import ROOT
from tests.support.stacks import config_of
from tests.support.walk_all import walk_all

NAME = "aws-dev"


def test_the_packed_functions_serve_a_customer_with_what_their_roles_allow(tmp_path: Path) -> None:
    stated = settings.parse(config_of(NAME)["shop:settings"], NAME, shop.NAMES)
    platform = shop.platform(stated, NAME)
    declared, _ = whole(NAME)
    with serving() as moto:
        deployed = by_program(declared, platform, moto)
        store = SecretsManager(NAME, REGION, lambda: deployed.client("secretsmanager"))
        for each in sorted({e.resource for e in platform.grants if e.kind == "secret"}):
            change(store, Wanted(each, random=True, stack=NAME), str)
        with packed(deployed, ROOT, platform, tmp_path) as shop_packed:
            walk_all(shop_packed, NAME, grant_of)
