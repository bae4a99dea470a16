"""The evaluator of policies by which the packed functions are judged judges as IAM does."""

from typing import Any

import pytest

from infra.alicloud.names import Names
from infra.alicloud.places import Places
from tests.support import alicloud_calls
from tests.support.aws_calls import Account, Call
from tests.support.loopback import Asked
from tests.support.role_policies import Judged, Rule, Use, allowed, rules, unused
from tests.support.tablestore_wire import messages

TABLE = "arn:aws:dynamodb:eu-central-1:1:table/users"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def stated(action: Any, resource: Any, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("dynamodb:getitem", TABLE, True),
        ("dynamodb:PutItem", TABLE, False),
        ("dynamodb:GetItem", f"{TABLE}/index/by_outbox", False),
        ("dynamodb:GetItem", TABLE.upper(), False),
        ("dynamodb:GetItem", f"{TABLE}-more", False),
    ],
)
def test_an_action_is_allowed_on_what_a_statement_names_and_on_nothing_else(
    action: str, resource: str, *, expected: bool
) -> None:
    known = rules([policy(stated("dynamodb:GetItem", TABLE))])
    assert allowed(known, Use(action, resource)) is expected


def test_a_star_stands_for_anything_and_a_dot_for_itself() -> None:
    known = rules([policy(stated("s3:Get*", "arn:aws:s3:::a.b/*"))])
    assert allowed(known, Use("s3:GetObject", "arn:aws:s3:::a.b/x/y"))
    assert not allowed(known, Use("s3:GetObject", "arn:aws:s3:::a-b/x"))
    assert not allowed(known, Use("s3:GetObject", "arn:aws:s3:::a.b"))


def test_what_is_denied_anywhere_is_not_allowed() -> None:
    both = [policy(stated("s3:*", "*")), policy(stated(["s3:PutObject"], "*", "Deny"))]
    assert allowed(rules(both), Use("s3:GetObject", "x"))
    assert not allowed(rules(both), Use("s3:PutObject", "x"))


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="Condition"):
        rules([policy({**stated("s3:*", "*"), "Condition": {}})])


def test_what_nothing_needed_is_told() -> None:
    known = rules([policy(stated(["s3:GetObject", "s3:PutObject"], "b/*"))])
    assert unused(known, [Use("s3:GetObject", "b/1")]) == [Rule("s3:PutObject", "b/*")]


def test_a_copy_reads_one_blob_and_writes_another_and_a_missing_one_needs_the_list() -> None:
    account = Account("1", "eu-central-1", {})
    copied = {"Bucket": "b", "Key": "to", "CopySource": "b/from%20a"}
    assert set(account.uses(Call("s3", "CopyObject", copied, 200))) == {
        Use("s3:GetObject", "arn:aws:s3:::b/from a"),
        Use("s3:PutObject", "arn:aws:s3:::b/to"),
    }
    assert list(account.uses(Call("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, 404))) == [
        Use("s3:GetObject", "arn:aws:s3:::b/k"),
        Use("s3:ListBucket", "arn:aws:s3:::b"),
    ]


def asked(method: str, path: str, body: bytes = b"", **headers: str) -> Asked:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Asked(method, "host", path, "", named, body)


@pytest.mark.parametrize(
    ("service", "request_", "status", "expected"),
    [
        (
            "ots",
            asked("POST", "/GetRow", messages.GetRowRequest(
                table_name="users", primary_key=b""
            ).SerializeToString()),
            200,
            [("ots:GetRow", "acs:ots:r:1:instance/i/table/users")],
        ),
        (
            "oss",
            asked("PUT", "/b/to", x_oss_copy_source="/b/from%20a"),
            200,
            [("oss:GetObject", "acs:oss:*:*:b/from a"), ("oss:PutObject", "acs:oss:*:*:b/to")],
        ),
        (
            "oss",
            asked("HEAD", "/b/k"),
            404,
            [("oss:GetObject", "acs:oss:*:*:b/k"), ("oss:ListObjects", "acs:oss:*:*:b")],
        ),
        (
            "mns",
            asked("POST", "/queues/q/messages"),
            201,
            [("mns:SendMessage", "acs:mns:r:1:/queues/q/messages")],
        ),
    ],
)  # fmt: skip
def test_a_request_to_alibaba_cloud_needs_an_action_on_what_it_names(
    service: alicloud_calls.Service,
    request_: Asked,
    status: int,
    expected: list[tuple[str, str]],
) -> None:
    places = Places(Names("s", "i"), "r", "1")
    found = alicloud_calls.uses(alicloud_calls.Call(service, request_, status), places)
    assert [(each.action, each.resource) for each in found] == expected


def test_a_request_that_is_not_known_is_not_judged() -> None:
    places = Places(Names("s", "i"), "r", "1")
    unknown = alicloud_calls.Call("mns", asked("DELETE", "/queues/q/messages"), 204)
    with pytest.raises(KeyError, match="/queues/q/messages"):
        list(alicloud_calls.uses(unknown, places))


def test_a_grant_is_useless_when_none_of_its_rules_was_needed() -> None:
    known = rules([policy(stated(["a:Get", "a:List", "a:Put"], "t"))])
    judged = Judged({"auth": known}, {"auth": {Use("a:Get", "t"), Use("a:Drop", "t")}})
    may = {"a:Get": "read", "a:List": "read", "a:Put": "write"}
    assert judged.useless(lambda rule: (may[rule.action], rule.resource)) == {
        ("auth", "write", "t")
    }
    assert judged.refused() == [("auth", Use("a:Drop", "t"))]
