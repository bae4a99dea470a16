"""The evaluator of policies by which the packed functions are judged judges as IAM does."""

from typing import Any

import pytest

from tests.support.aws_calls import Account, Call
from tests.support.role_policies import Rule, Use, allowed, rules, unused

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
