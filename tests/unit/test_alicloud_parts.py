"""The plain parts of the target for Alibaba Cloud: sizes, routes, alarms, packages."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from app.adapters.alicloud.blobs import open_bucket
from app.adapters.common.kept_letters import KEPT_S
from app.domain.uploads import kept_place, pending_place
from app.services.reset_rows import RESET_S
from app.services.sessions import SESSION_S
from infra.alicloud import access, routes, size
from infra.alicloud.api import cors_data, word
from infra.alicloud.bucket_access import policy as bucket_policy
from infra.alicloud.concurrency import reserved
from infra.alicloud.names import LABEL, Names
from infra.alicloud.packages import HANDLER, archive
from infra.alicloud.places import Places
from infra.alicloud.role import account
from infra.alicloud.stack import (
    CLOSED,
    NOBODY_TOLD,
    NOT_RUN_UNTOLD,
    PLAIN,
    STORED,
    UNBOUND,
    UNTHROTTLED,
    warnings,
)
from infra.alicloud.table import columns
from infra.alicloud.watched import alarms
from infra.errors import PlatformError
from infra.limits import LIMITS
from infra.model import Bucket, Index, Route, Table
from infra.packages.deployed import Code
from infra.settings_alicloud import Alicloud
from tests.support.alicloud_stacks import shared_of
from tests.support.role_policies import Rule, Use, allowed, rules
from tests.unit.sound_shop import SHOP

PUBLIC = replace(SHOP, buckets=(Bucket(name="images", public=True),))
QUIET = replace(SHOP, buckets=())
HEARD: Mapping[str, Any] = {"contact_group": "shop", "action_policy": "shop"}
CERTAIN = {"name": "shop.example.com", "certificate": "12345678"}
FILES = {"name": "files.example.com", "certificate": "12345678"}
PLACES = Places(Names("dev", "shop-dev-1"), "cn-hangzhou", "1234567890123456")


def test_every_size_of_memory_gets_a_cpu_that_function_compute_takes_with_it() -> None:
    for memory_mb in LIMITS["alicloud"].memory_mb:
        assert size.fits(size.cpu(memory_mb), memory_mb), memory_mb
    assert (size.cpu(128), size.cpu(512), size.cpu(1024), size.cpu(32_768)) == (0.1, 0.25, 0.5, 16)


@pytest.mark.parametrize(("memory_mb", "most"), [(8192, 8), (16_384, 16), (32_768, 16)])
def test_no_instance_has_more_than_sixteen_vcpus(memory_mb: int, most: int) -> None:
    assert size.range_of(memory_mb)[1] == most
    assert size.fits(most, memory_mb)
    assert not size.fits(most + 0.05, memory_mb)


def test_rows_that_expire_are_kept_as_long_as_any_of_them_lives() -> None:
    """TableStore counts from when a row was written, whatever the row itself says."""
    least = Alicloud.model_json_schema()["properties"]["expired_days"]["minimum"]
    assert Alicloud().expired_days >= least
    assert least * 86_400 >= max(SESSION_S, RESET_S, KEPT_S)


def test_of_a_public_bucket_anyone_may_read_what_is_kept_and_nothing_else() -> None:
    closed, opened = (bucket_policy("shop-images", public=p)["Statement"] for p in (False, True))
    assert opened[: len(closed)] == closed
    assert {each["Effect"] for each in closed} == {"Deny"}
    (reads,) = opened[len(closed) :]
    assert (reads["Effect"], reads["Action"]) == ("Allow", ["oss:GetObject"])
    (known,) = reads["Resource"]
    for place, may in ((kept_place, True), (pending_place, False)):
        blob = f"acs:oss:*:*:shop-images/{place('an-owner', 'an-upload')}"
        assert Rule("oss:GetObject", known).covers(Use("oss:GetObject", blob)) is may


@pytest.mark.parametrize(
    ("path", "domain", "api", "parameters"),
    [
        ("/", "/", "/", []),
        ("/users/me", "/users/me", "/users/me", []),
        ("/uploads/{key}", "/uploads/*", "/uploads/[key]", ["key"]),
        ("/a/{b}/c/{d}", "/a/*", "/a/[b]/c/[d]", ["b", "d"]),
        ("/files/{rest+}", "/files/*", "/files/*", []),
    ],
)
def test_a_path_is_written_as_each_way_in_writes_it(
    path: str, domain: str, api: str, parameters: list[str]
) -> None:
    assert routes.domain_path(path) == domain
    assert routes.api_path(path) == api
    assert routes.parameters(path) == parameters


def test_the_routes_of_one_path_are_one_of_the_domain() -> None:
    found = routes.domain_routes(SHOP.routes)
    assert [(each.path, each.methods) for each in found] == [
        ("/", ("GET",)),
        ("/orders", ("GET", "POST")),
        ("/orders/*", ("GET",)),
        ("/orders/latest", ("GET",)),
        ("/*", routes.METHODS),
    ]
    assert {each.function for each in found} == {"orders"}


def test_each_route_has_a_name_of_its_own_that_api_gateway_takes() -> None:
    paths = ("/a-b", "/a/b", "/a_b", "/{a}/b", "/" + "a" * 80, "/" + "a" * 81)
    names = [
        Names("alicloud-dev", "i").label("throttle", word(Route(method=m, path=p, function="f")))
        for p in paths
        for m in ("GET", "PUT")
    ]
    assert len(set(names)) == len(names)
    for name in names:
        assert len(name) <= LABEL
        assert name.replace("_", "").isalnum()


def test_pages_may_ask_for_what_routes_answer() -> None:
    platform = replace(SHOP, origins=("https://a.example.com", "https://b.example.com"))
    assert '"allowOrigins":"https://a.example.com,https://b.example.com"' in cors_data(platform)
    assert '"allowCredentials":false' in cors_data(platform)


def test_an_index_is_found_by_its_own_columns_and_ends_in_the_tables() -> None:
    table = Table(name="t", partition="owner", sort="upload")
    assert columns(Index(name="i", partition="state", sort="upload"), table) == [
        "state",
        "upload",
        "owner",
    ]
    assert columns(Index(name="i", partition="sku"), table) == ["sku", "owner", "upload"]


def test_a_consumer_runs_as_often_as_its_queues_let_it() -> None:
    assert reserved(SHOP) == {"orders": 10, "order-mail": 2, "sweep": 10}


def test_every_function_and_every_queue_of_dead_letters_is_watched_by_name() -> None:
    found = alarms(SHOP, PLACES.names, PLACES.region)
    names = [each.name for each in found]
    assert len(set(names)) == len(names)
    watched = {each.dimensions.get("functionName") for each in found} - {None}
    assert watched == {f"shop-dev-{each.name}" for each in SHOP.functions}
    queues = {each.dimensions["queue"] for each in found if "queue" in each.dimensions}
    assert queues == {"shop-dev-mails-dead", "shop-dev-failed"}
    (slow,) = [each for each in found if each.name == "function-orders-slow"]
    assert slow.threshold == 8000


def test_without_a_domain_a_preview_warns_and_of_plain_http_too() -> None:
    (trial,) = warnings(QUIET, shared_of("dev", **HEARD))
    assert "100 elsewhere" in trial
    named = {"name": "shop.example.com"}
    plain = shared_of("dev", domain=named, **HEARD)
    assert warnings(QUIET, plain) == [PLAIN.format("shop.example.com")]
    assert warnings(QUIET, shared_of("dev", domain=CERTAIN, **HEARD)) == []


def test_of_throttles_that_are_stated_at_a_domain_which_has_none_a_preview_warns() -> None:
    at_domain, trial = (shared_of("dev", **stated, **HEARD) for stated in ({"domain": CERTAIN}, {}))
    assert warnings(QUIET, at_domain, throttled=True) == [UNTHROTTLED.format("shop.example.com")]
    assert warnings(QUIET, trial, throttled=True) == warnings(QUIET, trial)


@pytest.mark.parametrize(
    ("region", "public", "reasons"),
    [
        ("cn-hangzhou", True, [STORED, CLOSED.format("browsers")]),
        ("cn-hangzhou", False, [CLOSED.format("browsers")]),
        ("cn-hongkong", True, [STORED]),
        ("cn-hongkong", False, []),
        ("ap-southeast-1", True, [STORED]),
        ("ap-southeast-1", False, []),
    ],
)
def test_of_a_bucket_at_an_address_of_oss_a_preview_warns(
    region: str, public: Literal[True, False], reasons: list[str]
) -> None:
    """New accounts of the mainland cannot use it, and browsers show nothing of a public one."""
    platform = replace(SHOP, buckets=(Bucket(name="images", public=public),))
    told = [UNBOUND.format("images", "; ".join(reasons))] if reasons else []
    stated = shared_of("dev", domain=CERTAIN, **HEARD)
    assert warnings(platform, replace(stated, region=region)) == told
    bound = shared_of("dev", domain=CERTAIN, bucket_domains={"images": FILES}, **HEARD)
    assert warnings(platform, replace(bound, region=region)) == []


def test_the_pages_that_could_not_use_a_bucket_of_the_mainland_are_named() -> None:
    pages = replace(PUBLIC, origins=("https://a.example.com", "https://b.example.com"))
    (told,) = warnings(pages, shared_of("dev", domain=CERTAIN, **HEARD))
    assert "the pages of https://a.example.com, https://b.example.com can neither" in told


def test_of_alarms_that_nobody_hears_a_preview_warns() -> None:
    group, policy = ({key: "shop"} for key in HEARD)
    calm = replace(QUIET, schedules=())
    told = NOBODY_TOLD.format("shop-dev-alarms")
    assert warnings(QUIET, shared_of("dev", domain=CERTAIN)) == [told, NOT_RUN_UNTOLD]
    assert warnings(QUIET, shared_of("dev", domain=CERTAIN, **group)) == [NOT_RUN_UNTOLD]
    assert warnings(QUIET, shared_of("dev", domain=CERTAIN, **policy)) == [told]
    assert warnings(calm, shared_of("dev", domain=CERTAIN)) == [told]


@pytest.mark.parametrize("arn", ["", "shop-dev-auth", "acs:ram::", "acs:ram::x:role/y", "04da6b54"])
def test_what_is_no_roles_name_tells_of_no_account_and_is_quoted(arn: str) -> None:
    assert account("acs:ram::1234567890123456:role/shop-dev-auth") == "1234567890123456"
    with pytest.raises(PlatformError, match=f"^{re.escape(repr(arn))} is no role's name") as raised:
        account(arn)
    assert "→ write alicloud:accountId" in str(raised.value)


@pytest.mark.parametrize("urls", [{}, {"images": "https://files.example.com"}])
def test_a_function_is_told_of_a_public_bucket_where_it_is_read(urls: dict[str, str]) -> None:
    (orders, *_) = PUBLIC.functions
    stated = json.loads(access.variables(PUBLIC, orders, PLACES, urls)["SHOP_BUCKETS"])["images"]
    assert stated["public"] is True
    told = open_bucket("images", stated).public_url("a/b")
    at = urls.get("images", "https://shop-dev-1-images.oss-cn-hangzhou.aliyuncs.com")
    assert told == f"{at}/a/b"
    private = json.loads(access.variables(SHOP, orders, PLACES, urls)["SHOP_BUCKETS"])["images"]
    assert "public" not in private


def test_a_packages_zip_holds_what_function_compute_calls(tmp_path: Path) -> None:
    """Its digest names it, and equal packages make equal ones."""
    folder = tmp_path / "package"
    (folder / "app/deep").mkdir(parents=True)
    (folder / "app/__init__.py").touch()
    (folder / "app/deep/__init__.py").write_text("def run(event, context): return event\n")
    code = Code(folder, "app.deep.run")
    made, again = archive(code, tmp_path / "a"), archive(code, tmp_path / "b")
    assert made.file.read_bytes() == again.file.read_bytes()
    assert made.file.name == f"{made.digest}.zip"
    with zipfile.ZipFile(made.file) as opened:
        assert {oct(each.external_attr >> 16) for each in opened.infolist()} == {"0o644"}
        opened.extractall(tmp_path / "code")
    module, _, name = HANDLER.rpartition(".")
    program = f"import {module}; print({module}.{name}(b'event', None))"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "code",
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.stdout == "b'event'\n"


def test_another_package_has_another_digest(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("A = 1\n")
    first = archive(Code(tmp_path, "one.run"), tmp_path.with_name("kept"))
    assert archive(Code(tmp_path, "one.go"), tmp_path.with_name("kept")).digest != first.digest


def policy(function: str) -> str:
    """The policy of a function of the sound shop."""
    return access.policy(SHOP, function, PLACES, logs="functions", failed=None)


def test_a_function_may_do_what_it_is_granted_and_nothing_else() -> None:
    known = rules([json.loads(policy("orders"))])
    table = PLACES.table
    may = [
        *((f"ots:{each}Row", table("orders")) for each in ("Get", "Put", "Update", "Delete")),
        ("ots:BatchGetRow", table("orders")),
        ("ots:GetRange", table("orders_by_user")),
        ("ots:GetRow", table("sessions")),
        ("oss:GetObject", "acs:oss:*:*:shop-dev-1-images/a/key"),
        ("mns:SendMessage", PLACES.messages("shop-dev-mails")),
        ("oos:GetSecretParameter", PLACES.secret("token-key")),
        ("log:PostLogStoreLogs", PLACES.logs("functions")),
    ]
    may_not = [
        ("ots:PutRow", table("sessions")),
        ("ots:GetRange", table("sessions")),
        ("ots:DeleteTable", table("orders")),
        ("oss:PutObject", "acs:oss:*:*:shop-dev-1-images/a/key"),
        ("oss:GetObject", "acs:oss:*:*:shop-dev-1-code/a/key"),
        ("mns:ReceiveMessage", PLACES.messages("shop-dev-mails")),
        ("mns:SendMessage", PLACES.messages("shop-dev-failed")),
        ("oos:GetSecretParameter", PLACES.secret("other")),
    ]
    assert [each for each in may if not allowed(known, Use(*each))] == []
    assert [each for each in may_not if allowed(known, Use(*each))] == []


def test_every_wildcard_in_a_policy_is_explained() -> None:
    starred = {
        action
        for function in SHOP.functions
        for statement in json.loads(policy(function.name))["Statement"]
        for action in statement["Action"]
        if any("*" in resource for resource in statement["Resource"])
    }
    assert starred <= set(access.WILDCARDS)
    assert starred >= {"oss:GetObject", "kms:GetSecretValue"}
